package dev.provisioner.dist;

import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.Packaged;
import dev.provisioner.sandbox.LocalCertificate;
import dev.provisioner.sandbox.SupabaseServer;
import dev.provisioner.sandbox.VapiSimulator;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What {@code target/dist} has of its own: launcher, cache, runtime. That it serves as the jar
 * does, the other tests of {@code mvn -Pdist verify} show.
 */
class DistributionIT {
  private static final Path LAUNCHER =
      Path.of(
          Objects.requireNonNull(
              System.getProperty("provisioner.launcher"),
              "run it with mvn -Pdist verify, or -Dprovisioner.launcher=…"));

  private static final Path HOME = LAUNCHER.toAbsolutePath().resolve("../..").normalize();

  private static final String KEY = "the-key";
  private static final String OTHER_FLAGS = "-XX:-UseCompactObjectHeaders";

  @TempDir Path folder;

  @Test
  void ourClassesComeFromTheCache() {
    try (Packaged command =
        run(LAUNCHER, Packaged.ONLY_WITH_CACHE + " -Xlog:class+load=info:stdout", "--version")) {
      assertThat(command.exitCode()).isZero();
      assertThat(command.out())
          .filteredOn(line -> line.contains(" dev.provisioner.Main source: "))
          .singleElement()
          .asString()
          .endsWith("shared objects file");
    }
  }

  @Test
  void cacheOfOtherFlagsIsNoticed() {
    try (Packaged command =
        run(LAUNCHER, Packaged.ONLY_WITH_CACHE + " " + OTHER_FLAGS, "--version")) {
      assertThat(command.exitCode()).isEqualTo(1);
      assertThat(String.join("\n", command.err()))
          .contains("Unable to use AOT cache", "UseCompactObjectHeaders");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {OTHER_FLAGS, "-XX:AOTMode=off", ""})
  void worksWithoutItsCacheToo(String options) {
    try (Packaged command = run(LAUNCHER, options, "--version")) {
      assertThat(command.exitCode()).isZero();
      assertThat(command.out()).singleElement().asString().matches("\\d+\\.\\d+\\.\\d+.*");
    }
  }

  @Test
  void mayBeMovedAndStartedThroughLinksToLinks() throws IOException, InterruptedException {
    Path moved = Files.createDirectory(folder.resolve("some where")).resolve("else");
    int copied =
        new ProcessBuilder("cp", "-a", HOME.toString(), moved.toString()).start().waitFor();
    assertThat(copied).isZero();
    Path bin = Files.createDirectory(folder.resolve("bin"));
    Path relative = Files.createSymbolicLink(bin.resolve("relative"), Path.of("absolute"));
    Files.createSymbolicLink(bin.resolve("absolute"), moved.resolve("bin/vapi-provisioner"));

    for (Path launcher : List.of(relative, moved.resolve("bin/vapi-provisioner"))) {
      try (Packaged command = run(launcher, Packaged.ONLY_WITH_CACHE, "--version")) {
        assertThat(command.exitCode()).as("%s", command.err()).isZero();
        assertThat(command.err()).isEmpty();
      }
    }
  }

  @Test
  void argumentsAreNotTakenApart() {
    try (Packaged command = run(LAUNCHER, "", "serve  $HOME *")) {
      assertThat(command.exitCode()).isEqualTo(2);
      assertThat(command.err().getFirst()).isEqualTo("There is no command \"serve  $HOME *\".");
    }
  }

  @Test
  void databaseAndVapiAreReachedOverTls() {
    LocalCertificate certificate = LocalCertificate.in(folder);
    try (SupabaseServer supabase = SupabaseServer.start(certificate.postgres());
        VapiSimulator vapi = VapiSimulator.start(certificate).acceptKey(KEY)) {
      String database =
          supabase.createMigratedDatabase().databaseUrl("provisioner", "any")
              + "?sslmode=verify-full&sslrootcert="
              + certificate.postgres().get("ssl_cert_file");

      List<String> trusting = doctor(database, vapi, certificate.trust());
      assertThat(trusting).anyMatch(line -> line.startsWith("✓ database "));
      assertThat(trusting).anyMatch(line -> line.startsWith("✓ vapi "));

      assertThat(doctor(database, vapi, List.of()))
          .anyMatch(line ->
              line.startsWith("✗ vapi ")
                  && line.contains("TLS handshake failed")
                  && line.contains("PKIX path building failed"));
      assertThat(
              doctor(
                  database.replace(certificate.postgres().get("ssl_cert_file"), "/dev/null"),
                  vapi,
                  List.of()))
          .anyMatch(line -> line.startsWith("✗ database "));
    }
  }

  /** Vapi's certificate comes from one of these. */
  @Test
  void authoritiesOfThePublicWebAreTrusted() throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance("JKS");
    try (InputStream in = Files.newInputStream(HOME.resolve("runtime/lib/security/cacerts"))) {
      store.load(in, null);
    }
    assertThat(store.size()).isGreaterThan(50);
  }

  private static List<String> doctor(String database, VapiSimulator vapi, List<String> options) {
    Map<String, String> environment =
        Map.of(
            "DATABASE_URL",
            database,
            "VAPI_API_KEY",
            KEY,
            "VAPI_BASE_URL",
            vapi.baseUrl(),
            "JWT_SECRETS",
            "a-secret-of-the-tests-with-more-than-32-bytes",
            Packaged.OPTIONS,
            Packaged.ONLY_WITH_CACHE + " " + String.join(" ", options));
    try (Packaged doctor = Packaged.start(List.of(LAUNCHER.toString(), "doctor"), environment)) {
      doctor.exitCode();
      assertThat(doctor.err()).isEmpty();
      return doctor.out();
    }
  }

  private static Packaged run(Path launcher, String options, String... arguments) {
    List<String> command = new ArrayList<>(List.of(launcher.toString()));
    command.addAll(List.of(arguments));
    return Packaged.start(command, Map.of(Packaged.OPTIONS, options));
  }
}
