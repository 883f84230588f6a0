package dev.provisioner.mutants;

import dev.provisioner.mutants.Verdict.Caught;
import dev.provisioner.mutants.Verdict.Spoilt;
import dev.provisioner.mutants.Verdict.Survived;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.platform.engine.CancellationToken;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherExecutionRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** Runs tests, in one session, so that all of them share the servers that are slow to start. */
final class Trial implements AutoCloseable {
  /** Far more than any of these tests takes on a slow machine: a mutant may wait for ever. */
  private static final String PATIENCE = "2 m";

  private static final int LONGEST = 120;

  /** As it stands before what was expected of it. */
  private static final Pattern ANSWER =
      Pattern.compile("\\A\\[\\d{3} \\{.*?}\\s*]\\s*(?=expected|Expecting)", Pattern.DOTALL);

  private final LauncherSession session = LauncherFactory.openSession();

  /** Runs the tests until one of them fails. */
  Verdict of(Isolated service, List<String> tests) {
    Watch watch = new Watch();
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(service);
    try {
      session
          .getLauncher()
          .execute(
              LauncherExecutionRequestBuilder.request(
                      LauncherDiscoveryRequestBuilder.request()
                          .selectors(tests.stream().map(each -> selector(service, each)).toList())
                          .configurationParameter(
                              "junit.jupiter.execution.timeout.default", PATIENCE)
                          .build())
                  .listeners(watch)
                  .cancellationToken(watch.enough)
                  .build());
    } finally {
      thread.setContextClassLoader(before);
    }
    return watch.verdict();
  }

  @Override
  public void close() {
    session.close();
  }

  /**
   * @throws RottenException there is no such test
   */
  static DiscoverySelector selector(Isolated service, String test) {
    String[] names = test.split("#", 2);
    Class<?> type = service.named(names[0]);
    List<Method> methods =
        Arrays.stream(type.getDeclaredMethods())
            .filter(each -> names.length == 2 && each.getName().equals(names[1]))
            // A source of parameters may have the name of its test.
            .filter(each -> !Modifier.isStatic(each.getModifiers()))
            .toList();
    if (methods.size() != 1) {
      throw new RottenException("there is no test " + test);
    }
    return DiscoverySelectors.selectMethod(type, methods.getFirst());
  }

  private static final class Watch implements TestExecutionListener {
    private final CancellationToken enough = CancellationToken.create();
    private final List<String> passed = new ArrayList<>();
    private @Nullable Verdict failure;

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
      if (result.getStatus() == TestExecutionResult.Status.SUCCESSFUL) {
        if (test.isTest()) {
          passed.add(test.getDisplayName());
        }
      } else if (failure == null) {
        failure = failure(test, result);
        enough.cancel();
      }
    }

    private static @Nullable Verdict failure(TestIdentifier test, TestExecutionResult result) {
      Throwable thrown = result.getThrowable().orElse(null);
      if (thrown == null) {
        return null; // given up, since another has failed
      }
      MethodSource method =
          test.getSource()
              .filter(MethodSource.class::isInstance)
              .map(MethodSource.class::cast)
              .orElse(null);
      if (test.isTest()
          && method != null
          && thrown instanceof AssertionError
          && isWithin(method, thrown)) {
        return new Caught(
            method.getClassName().substring(method.getClassName().lastIndexOf('.') + 1)
                + "#"
                + method.getMethodName(),
            said(thrown));
      }
      return new Spoilt(
          test.getUniqueId() + " broke off: " + thrown.getClass().getName() + ": " + said(thrown));
    }

    /** Not in what sets the test up, or cleans up after it. */
    private static boolean isWithin(MethodSource method, Throwable thrown) {
      return Arrays.stream(thrown.getStackTrace())
          .anyMatch(frame ->
              frame.getClassName().equals(method.getClassName())
                  && frame.getMethodName().equals(method.getMethodName()));
    }

    /** Its first lines as one; without an answer that it quotes whole. */
    private static String said(Throwable thrown) {
      String said =
          ANSWER
              .matcher(Objects.requireNonNullElse(thrown.getMessage(), ""))
              .replaceFirst("")
              .lines()
              .map(String::strip)
              .filter(each -> !each.isEmpty())
              .limit(6)
              .collect(Collectors.joining(" "));
      return said.length() > LONGEST ? said.substring(0, LONGEST) + " …" : said;
    }

    Verdict verdict() {
      if (failure != null) {
        return failure;
      }
      return passed.isEmpty() ? new Spoilt("no test was run") : new Survived();
    }
  }
}
