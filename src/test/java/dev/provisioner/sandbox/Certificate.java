package dev.provisioner.sandbox;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import java.util.Map;

/** A key and a certificate that vouches for itself, as PostgreSQL reads them. */
public final class Certificate {
  private static final String PASSWORD = "of-no-importance";
  private static final String ALIAS = "server";

  private final Path key;
  private final Path certificate;

  private Certificate(Path key, Path certificate) {
    this.key = key;
    this.certificate = certificate;
  }

  /** Makes both, with the JDK's own tool, in this folder. */
  public static Certificate selfSigned(Path folder) {
    Path store = folder.resolve("server.p12");
    try {
      Process keytool =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                  "-genkeypair",
                  "-alias",
                  ALIAS,
                  "-keyalg",
                  "RSA",
                  "-dname",
                  "CN=localhost",
                  "-storetype",
                  "PKCS12",
                  "-storepass",
                  PASSWORD,
                  "-keystore",
                  store.toString())
              .redirectErrorStream(true)
              .start();
      String said = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (keytool.waitFor() != 0) {
        throw new IllegalStateException("keytool: " + said);
      }
      KeyStore made = KeyStore.getInstance("PKCS12");
      try (InputStream in = Files.newInputStream(store)) {
        made.load(in, PASSWORD.toCharArray());
      }
      Path key = folder.resolve("server.key");
      // PostgreSQL takes no key that others may read.
      Files.createFile(
          key, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      Files.writeString(
          key, pem("PRIVATE KEY", made.getKey(ALIAS, PASSWORD.toCharArray()).getEncoded()));
      Path certificate = folder.resolve("server.crt");
      Files.writeString(certificate, pem("CERTIFICATE", made.getCertificate(ALIAS).getEncoded()));
      return new Certificate(key, certificate);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** What makes a server offer TLS with it. */
  public Map<String, String> serverConfig() {
    return Map.of(
        "ssl",
        "on",
        "ssl_cert_file",
        certificate.toAbsolutePath().toString(),
        "ssl_key_file",
        key.toAbsolutePath().toString());
  }

  private static String pem(String what, byte[] der) {
    return "-----BEGIN %1$s-----\n%2$s\n-----END %1$s-----\n"
        .formatted(what, Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der));
  }
}
