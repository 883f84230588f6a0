package dev.provisioner;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.provisioner.Config.LogFormat;
import dev.provisioner.ops.Logging;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The command line. Exit codes: 0 done, 1 failed, 2 called or configured wrongly. */
public final class Main {
  private static final String USAGE =
      """
      usage: java -jar vapi-provisioner.jar [serve | doctor | token | --version | --help]

        serve   serves until SIGTERM; what it needs is in environment variables (the default)
        doctor  checks everything, and says how to mend what is wrong; `doctor --help` tells how
        token   makes a bearer token; `token --help` tells how

      The variables are described in the README: DATABASE_URL, VAPI_API_KEY, and WEBHOOK_SECRETS or
      JWT_SECRETS are required.\
      """;

  /** How long requests may still come after the instance has said that it is not ready. */
  static final Duration NOTICE = Duration.ofSeconds(1);

  private Main() {}

  public static void main(String[] args) {
    int exit = run(List.of(args), System.getenv());
    if (exit != SERVING) {
      System.exit(exit);
    }
  }

  private static final int SERVING = -1;

  private static int run(List<String> args, Map<String, String> environment) {
    String command = args.isEmpty() ? "serve" : args.getFirst();
    return switch (command) {
      case "serve" -> {
        if (args.size() > 1) {
          System.err.println("serve takes no arguments: what it needs is in the environment.");
          yield 2;
        }
        yield serve(environment);
      }
      case "doctor" -> doctor(args.subList(1, args.size()), environment);
      case "token" ->
          TokenCommand.run(
              args.subList(1, args.size()), environment, System.out, System.err, Clock.systemUTC());
      case "--version" -> {
        System.out.println(version());
        yield 0;
      }
      case "--help", "-h", "help" -> {
        System.out.println(USAGE);
        yield 0;
      }
      default -> {
        System.err.println("There is no command \"" + command + "\".\n\n" + USAGE);
        yield 2;
      }
    };
  }

  private static int doctor(List<String> args, Map<String, String> environment) {
    Logging.silence();
    // Its marks are no ASCII, and in a container the locale seldom says what else there is.
    PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, UTF_8);
    try {
      return DoctorCommand.run(args, environment, out, System.err, Clock.systemUTC());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 2;
    }
  }

  private static int serve(Map<String, String> environment) {
    Config config;
    try {
      config = Config.read(environment);
    } catch (ConfigException e) {
      System.err.println("vapi-provisioner cannot start. Mend these, then start it again:");
      e.problems().forEach(problem -> System.err.println("  " + problem));
      return 2;
    }
    Logging.configure(config.logFormat() == LogFormat.JSON);
    Logger log = LoggerFactory.getLogger(Main.class);
    Service service;
    try {
      service = new Service(config);
    } catch (RuntimeException e) {
      log.error("Could not start: {}", e.getMessage());
      return 1;
    }
    try {
      service.start();
    } catch (RuntimeException e) {
      log.error("Could not serve: {} See PORT and METRICS_PORT.", e.getMessage());
      return 1;
    }
    Runtime.getRuntime().addShutdownHook(new Thread(() -> drain(service), "drain"));
    return SERVING;
  }

  private static void drain(Service service) {
    try {
      service.drain(NOTICE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The version of the jar this runs from. */
  static String version() {
    String version = Main.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }
}
