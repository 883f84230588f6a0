package dev.provisioner;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * Reads the secrets of those who may call us. What is wrong with one is said without showing it.
 */
final class AccessVariables {
  private static final String WEBHOOK_PREFIX = "whsec_";

  /** As the Standard Webhooks specification has it. */
  private static final int SHORTEST_WEBHOOK_KEY = 24;

  private static final int LONGEST_WEBHOOK_KEY = 64;

  /** RFC 7518: a key of at least the size of the hash. */
  private static final int SHORTEST_JWT_KEY = 32;

  private AccessVariables() {}

  /** Who may call us. */
  static Config.Access access(Variables variables) {
    if (variables.text("WEBHOOK_SECRETS").isEmpty() && variables.text("JWT_SECRETS").isEmpty()) {
      variables.problem(
          "WEBHOOK_SECRETS",
          "and JWT_SECRETS are both unset: nobody could call this service. Set at least one:"
              + " WEBHOOK_SECRETS=whsec_<base64 of 32 random bytes> for signed webhooks,"
              + " JWT_SECRETS=<at least 32 characters> for bearer tokens.");
    }
    return new Config.Access(webhookSecrets(variables), jwtSecrets(variables));
  }

  private static List<Secret> webhookSecrets(Variables variables) {
    String name = "WEBHOOK_SECRETS";
    // Supabase shows its secrets as v1,whsec_…
    List<String> entries =
        variables.list(name).stream().filter(each -> !each.equals("v1")).toList();
    requireSome(variables, name, entries);
    List<Secret> secrets = new ArrayList<>();
    for (int i = 0; i < entries.size(); i++) {
      String entry = entries.get(i);
      int size = entry.startsWith(WEBHOOK_PREFIX) ? keySize(entry) : -1;
      if (size < SHORTEST_WEBHOOK_KEY || size > LONGEST_WEBHOOK_KEY) {
        variables.problem(
            name,
            ("entry %d of %d is no webhook secret. Write whsec_ and the base64 of %d to %d random"
                    + " bytes, for example \"whsec_$(openssl rand -base64 32)\".")
                .formatted(i + 1, entries.size(), SHORTEST_WEBHOOK_KEY, LONGEST_WEBHOOK_KEY));
      } else {
        secrets.add(new Secret(entry));
      }
    }
    return secrets;
  }

  private static int keySize(String entry) {
    try {
      return Base64.getDecoder().decode(entry.substring(WEBHOOK_PREFIX.length())).length;
    } catch (IllegalArgumentException e) {
      return -1;
    }
  }

  /** {@code JWT_SECRETS} alone. */
  static List<Secret> jwtSecrets(Variables variables) {
    String name = "JWT_SECRETS";
    List<String> entries = variables.list(name);
    requireSome(variables, name, entries);
    List<Secret> secrets = new ArrayList<>();
    for (int i = 0; i < entries.size(); i++) {
      int size = entries.get(i).getBytes(StandardCharsets.UTF_8).length;
      if (size < SHORTEST_JWT_KEY) {
        variables.problem(
            name,
            ("entry %d of %d is %d bytes long, too short for HS256. Write at least %d, for example"
                    + " the output of `openssl rand -hex 32`.")
                .formatted(i + 1, entries.size(), size, SHORTEST_JWT_KEY));
      } else {
        secrets.add(new Secret(entries.get(i)));
      }
    }
    return secrets;
  }

  private static void requireSome(Variables variables, String name, List<String> entries) {
    if (variables.text(name).isPresent() && entries.isEmpty()) {
      variables.problem(
          name, "holds no secret. Write one or more, separated by commas, or unset it.");
    }
  }
}
