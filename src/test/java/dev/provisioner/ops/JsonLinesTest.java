package dev.provisioner.ops;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.MDC;

class JsonLinesTest {
  private final JsonLines lines = new JsonLines();
  private final List<ILoggingEvent> events = new ArrayList<>();
  private final LoggerContext context = new LoggerContext();
  private final Logger logger = context.getLogger("dev.provisioner.Invented");

  @BeforeEach
  void listen() {
    context.setMDCAdapter(MDC.getMDCAdapter());
    AppenderBase<ILoggingEvent> listener =
        new AppenderBase<>() {
          @Override
          protected void append(ILoggingEvent event) {
            event.getMDCPropertyMap();
            events.add(event);
          }
        };
    listener.setContext(context);
    listener.start();
    logger.addAppender(listener);
    logger.setLevel(Level.INFO);
  }

  @Test
  @SuppressWarnings("try") // The resource is there to be closed, not to be used.
  void whatIsLoggedWithAKeyIsAFieldOfThatName() throws IOException {
    UUID id = UUID.randomUUID();
    try (var ignored = MDC.putCloseable("request_id", "r-1")) {
      logger
          .atInfo()
          .addKeyValue("provision_id", id)
          .addKeyValue("attempt", 2)
          .addKeyValue("vapi_ms", 12L)
          .log("One \"line\"\nof {}.", "text");
    }

    JsonNode line = line();
    assertThat(Instant.parse(line.path("timestamp").asText())).isBefore(Instant.MAX);
    assertThat(line.path("level").asText()).isEqualTo("INFO");
    assertThat(line.path("logger").asText()).isEqualTo("dev.provisioner.Invented");
    assertThat(line.path("message").asText()).isEqualTo("One \"line\"\nof text.");
    assertThat(line.path("request_id").asText()).isEqualTo("r-1");
    assertThat(line.path("provision_id").asText()).isEqualTo(id.toString());
    assertThat(line.path("attempt").isInt()).isTrue();
    assertThat(line.path("attempt").asInt()).isEqualTo(2);
    assertThat(line.path("vapi_ms").asLong()).isEqualTo(12);
    assertThat(line.size()).isEqualTo(8);
  }

  @Test
  void exceptionIsOneFieldWithItsCauses() throws IOException {
    logger.error("broken", new IllegalStateException("outer", new IOException("inner")));

    assertThat(line().path("exception").asText())
        .contains("IllegalStateException: outer", "Caused by: java.io.IOException: inner")
        .contains("JsonLinesTest");
  }

  @Test
  void whatEveryLineHasKeepsItsMeaning() throws IOException {
    logger.atWarn().addKeyValue("level", "harmless").log("serious");

    assertThat(line().path("level").asText()).isEqualTo("WARN");
  }

  private JsonNode line() throws IOException {
    String text = new String(lines.encode(events.getFirst()), UTF_8);
    assertThat(text.lines()).hasSize(1);
    assertThat(text).endsWith("}\n");
    return new ObjectMapper().readTree(text);
  }
}
