package dev.provisioner.provision;

/** What came of a call for an audit. */
public sealed interface AuditResult permits AuditReport, AuditRefusal {}
