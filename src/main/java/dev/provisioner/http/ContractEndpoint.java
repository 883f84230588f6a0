package dev.provisioner.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** {@code GET /openapi.yaml}: the contract, as it was when this was built. */
public final class ContractEndpoint {
  private final byte[] contract;

  public ContractEndpoint() {
    try (InputStream in = ContractEndpoint.class.getResourceAsStream("/openapi.yaml")) {
      if (in == null) {
        throw new IllegalStateException("openapi.yaml is not on the class path");
      }
      contract = in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public Route route() {
    return Route.get("/openapi.yaml", ctx -> ctx.contentType("application/yaml").result(contract));
  }
}
