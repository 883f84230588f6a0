package dev.provisioner.sandbox;

/** What a call to the {@link VapiSimulator} asks for. */
public enum Operation {
  CREATE,
  LIST,
  GET,
  DELETE,
  /** Whatever Vapi has no answer for, as far as this simulator knows. */
  OTHER
}
