package dev.provisioner;

/** The statements of the service, each by words that no other of them has. */
final class Sql {
  static final String CLAIM = "claim_token = gen_random_uuid()";
  static final String SETTLE = "provisioning.user_assistant as a (user_id";
  static final String UNFINISHED = "with kept as (";
  static final String RELEASE = "coalesce(error_code, 'interrupted')";
  static final String MARK = "set unconfirmed_since = least(unconfirmed_since";
  static final String BURY = "select provisioning.bury(";
  static final String STANDING = "as row_exists";
  static final String TAKE_LOOKS = "returning q.id, q.user_id, q.status, q.unconfirmed_since";
  static final String TAKE_TOMBSTONES = "returning d.user_id, d.provision_ids";
  static final String END_DOUBT = "set unconfirmed_since = null";
  static final String END_TOMBSTONE = "delete from provisioning.departed";

  private Sql() {}
}
