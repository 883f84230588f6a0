package dev.provisioner.sandbox;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/** A certificate for localhost that nobody trusts unless told, with its key; a day old at most. */
public final class LocalCertificate {
  private static final String PASSWORD = "localhost";
  private static final String ALIAS = "localhost";

  private final Path folder;
  private final Path store;
  private final KeyStore keys;

  private LocalCertificate(Path folder) throws IOException, GeneralSecurityException {
    this.folder = folder;
    this.store = folder.resolve("localhost.p12");
    keytool(store);
    this.keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, PASSWORD.toCharArray());
    }
  }

  /** A new one; its files are in this folder. */
  public static LocalCertificate in(Path folder) {
    try {
      return new LocalCertificate(folder);
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalStateException("no certificate in " + folder, e);
    }
  }

  /** The options with which a JVM trusts this one, and no other. */
  public List<String> trust() {
    return List.of(
        "-Djavax.net.ssl.trustStore=" + store.toAbsolutePath(),
        "-Djavax.net.ssl.trustStorePassword=" + PASSWORD);
  }

  /** The settings with which a PostgreSQL offers TLS. */
  public Map<String, String> postgres() {
    try {
      return Map.of(
          "ssl", "on",
          "ssl_cert_file", pem("CERTIFICATE", keys.getCertificate(ALIAS).getEncoded()),
          "ssl_key_file",
              pem("PRIVATE KEY", keys.getKey(ALIAS, PASSWORD.toCharArray()).getEncoded()));
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalStateException("no PEM files in " + folder, e);
    }
  }

  SSLContext server() {
    try {
      KeyManagerFactory managers =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      managers.init(keys, PASSWORD.toCharArray());
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(managers.getKeyManagers(), null, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private String pem(String type, byte[] content) throws IOException {
    Path file = folder.resolve(type.toLowerCase(Locale.ROOT).replace(' ', '-') + ".pem");
    Files.deleteIfExists(file);
    // PostgreSQL refuses a key that others may read.
    Files.createFile(
        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(
        file,
        "-----BEGIN %1$s-----%n%2$s%n-----END %1$s-----%n"
            .formatted(type, Base64.getMimeEncoder().encodeToString(content)));
    return file.toAbsolutePath().toString();
  }

  /** The JDK makes certificates with its own tool only. */
  private static void keytool(Path store) throws IOException {
    Files.deleteIfExists(store);
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                ALIAS,
                "-keyalg",
                "EC",
                "-dname",
                "CN=localhost",
                "-ext",
                "san=dns:localhost",
                "-validity",
                "1",
                "-storetype",
                "PKCS12",
                "-keystore",
                store.toString(),
                "-storepass",
                PASSWORD)
            .redirectErrorStream(true)
            .start();
    try {
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new IOException("keytool: " + said);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
