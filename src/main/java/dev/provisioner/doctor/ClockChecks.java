package dev.provisioner.doctor;

import dev.provisioner.Config;
import dev.provisioner.provision.Inspection;
import dev.provisioner.provision.QueueUnavailableException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Do our clock and the others agree: signatures are good for five minutes. */
final class ClockChecks {
  private static final Duration NOTABLE = Duration.ofSeconds(1);
  private static final Duration BAD = Duration.ofSeconds(60);

  private final Config.Draft draft;
  private final Inspection inspection;
  private final VapiChecks vapi;
  private final InstantSource clock;

  ClockChecks(Doctor.Surroundings its, VapiChecks vapi) {
    this.draft = its.draft();
    this.inspection = its.inspection();
    this.vapi = vapi;
    this.clock = its.clock();
  }

  List<Finding> findings() {
    List<Finding> findings = new ArrayList<>();
    List<String> agreed = new ArrayList<>();
    judge("the database's", database(), findings, agreed);
    judge("Vapi's", vapi.skew(), findings, agreed);
    if (!agreed.isEmpty()) {
      findings.addFirst(Finding.ok("agrees with " + String.join(" and ", agreed)));
    }
    return findings.isEmpty()
        ? List.of(Finding.skipped("there is no other clock to compare with"))
        : findings;
  }

  private @Nullable Skew database() {
    if (!draft.usable("DATABASE_URL")) {
      return null;
    }
    try {
      inspection.now(); // connects, if need be: that is not to be measured
      Instant before = clock.instant();
      Instant there = inspection.now();
      return Skew.between(before, there, there, clock.instant());
    } catch (QueueUnavailableException e) {
      return null; // said by the line database
    }
  }

  private static void judge(
      String whose, @Nullable Skew skew, List<Finding> findings, List<String> agreed) {
    if (skew == null) {
      return;
    }
    Duration off = skew.ahead().abs();
    if (off.compareTo(NOTABLE) <= 0) {
      agreed.add(whose);
      return;
    }
    String message =
        "this machine's clock is %d s %s %s"
            .formatted(off.toSeconds(), skew.ahead().isNegative() ? "ahead of" : "behind", whose);
    String remedy = "timedatectl set-ntp true # on this machine; or: chronyc makestep";
    findings.add(
        off.compareTo(BAD) > 0
            ? Finding.broken(message + ": signatures are refused beyond 300 s", remedy)
            : Finding.warning(message, remedy));
  }
}
