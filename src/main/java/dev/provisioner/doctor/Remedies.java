package dev.provisioner.doctor;

import java.net.URI;
import org.jspecify.annotations.Nullable;

/** Commands and SQL that more than one check tells people to run. */
final class Remedies {
  static final String SECRET = "provisioner_webhook_secret";
  static final String URL = "provisioner_url";

  private Remedies() {}

  static String createSecret(String name, String value) {
    return "select vault.create_secret(%s, '%s');".formatted(literal(value), name);
  }

  static String updateSecret(String name, String value) {
    return "select vault.update_secret((select id from vault.secrets where name = '%s'), %s);"
        .formatted(name, literal(value));
  }

  static String showSecret(String name) {
    return "select decrypted_secret from vault.decrypted_secrets where name = '%s';"
        .formatted(name);
  }

  /** A call of ours, with a token made on the spot. */
  static String reconcile(@Nullable URI publicUrl, String body) {
    return "curl -sS --fail-with-body -X POST %s/reconcile -H \"Authorization: Bearer $(java -jar target/app/vapi-provisioner.jar token --scope operate)\" -H 'Content-Type: application/json' -d '%s'"
        .formatted(publicUrl == null ? "$URL" : publicUrl, body);
  }

  private static String literal(String value) {
    return "'" + value.replace("'", "''") + "'";
  }
}
