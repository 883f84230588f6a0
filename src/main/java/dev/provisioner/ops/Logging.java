package dev.provisioner.ops;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sets up the log: to standard output, a JSON object a line, or text for a terminal. */
public final class Logging {
  private Logging() {}

  /** Replaces whatever is set up. */
  public static void configure(boolean json) {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    context.reset();
    Encoder<ILoggingEvent> encoder = json ? new JsonLines() : text();
    encoder.setContext(context);
    encoder.start();
    ConsoleAppender<ILoggingEvent> console = new ConsoleAppender<>();
    console.setContext(context);
    console.setEncoder(encoder);
    console.start();
    ch.qos.logback.classic.Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
    root.addAppender(console);
    // What libraries say below this is no news to an operator; we say ourselves what it means.
    root.setLevel(Level.WARN);
    context.getLogger("com.zaxxer.hikari").setLevel(Level.OFF);
    context.getLogger("dev.provisioner").setLevel(Level.INFO);
  }

  /** For commands whose standard output is their result. */
  public static void silence() {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    context.reset();
    context.getLogger(Logger.ROOT_LOGGER_NAME).setLevel(Level.OFF);
  }

  private static Encoder<ILoggingEvent> text() {
    PatternLayoutEncoder encoder = new PatternLayoutEncoder();
    encoder.setPattern(
        "%d{HH:mm:ss.SSS} %-5level %msg%replace( [%X{request_id}]){' \\[\\]', ''}%n");
    return encoder;
  }
}
