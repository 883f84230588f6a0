package dev.provisioner.sandbox;

import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** What goes wrong in the course of one night, in this order. The README's runbook cures each. */
enum Trouble {
  /** Vapi answers 503 until all attempts are spent. */
  VAPI_DOWN,
  /** The template is changed to one that Vapi rejects. */
  TEMPLATE_REJECTED,
  /** Somebody revokes the key at Vapi. */
  KEY_REVOKED,
  /** The Vault gets a webhook secret that the service does not know. */
  SECRET_MISMATCH,
  /** pg_net loses its queue, and nothing sweeps. */
  WEBHOOKS_LOST;

  /** The scene in which all of them happen. */
  static final String ALL = "trouble";

  /** As in {@code -Dscene=} and in the runbook. */
  String title() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /**
   * The troubles of a scene.
   *
   * @throws IllegalArgumentException if there is no such scene
   */
  static List<Trouble> of(String scene) {
    List<Trouble> found =
        Stream.of(values())
            .filter(each -> scene.equals(ALL) || scene.equals(each.title()))
            .toList();
    if (found.isEmpty()) {
      throw new IllegalArgumentException(
          "There is no scene %s. -Dscene= knows %s, which is all of: %s."
              .formatted(
                  scene, ALL, String.join(", ", Stream.of(values()).map(Trouble::title).toList())));
    }
    return found;
  }
}
