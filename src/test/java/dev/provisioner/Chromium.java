package dev.provisioner;

import static dev.provisioner.sandbox.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.provisioner.sandbox.Installed;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.openqa.selenium.By;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.interactions.Actions;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/** A real Chromium without a screen, driven as a person would: by typing, clicking, looking. */
final class Chromium implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(40);

  /** It warns of every Chromium that is newer than itself. Held, since loggers are forgotten. */
  private static final Logger QUIET = Logger.getLogger("org.openqa.selenium.devtools");

  private static final ObjectMapper JSON = new ObjectMapper();

  private final ChromeDriver driver;

  private Chromium(Path browser, Path driver) {
    QUIET.setLevel(Level.SEVERE);
    LoggingPreferences logs = new LoggingPreferences();
    logs.enable(LogType.BROWSER, Level.ALL);
    logs.enable(LogType.PERFORMANCE, Level.ALL);
    ChromeOptions options = new ChromeOptions();
    options.setBinary(browser.toFile());
    options.setCapability("goog:loggingPrefs", logs);
    options.addArguments(
        "--headless=new",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--force-device-scale-factor=1",
        "--hide-scrollbars",
        "--lang=en",
        "--user-data-dir="
            + Path.of("target/chromium", UUID.randomUUID().toString()).toAbsolutePath());
    this.driver =
        new ChromeDriver(
            new ChromeDriverService.Builder()
                .usingDriverExecutable(driver.toFile())
                .usingAnyFreePort()
                .build(),
            options);
  }

  /**
   * Gives a test class the one browser of the whole run, for as long as it takes. Where none is
   * installed its tests are left out, which is said; in CI they fail.
   */
  @Target(ElementType.TYPE)
  @Retention(RetentionPolicy.RUNTIME)
  @ExtendWith(Shared.class)
  @ResourceLock("chromium")
  @interface Driven {}

  private static final class Shared implements ExecutionCondition, ParameterResolver {
    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
      return Installed.condition(
          "the console was not tried in a browser (%s)".formatted(context.getDisplayName()),
          "chromium chromium-driver",
          "chromium",
          "chromedriver");
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
      return parameter.getParameter().getType() == Chromium.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
      Chromium browser =
          context
              .getRoot()
              .getStore(ExtensionContext.Namespace.GLOBAL)
              .computeIfAbsent(
                  Chromium.class,
                  key ->
                      new Chromium(
                          Installed.find("chromium").orElseThrow(),
                          Installed.find("chromedriver").orElseThrow()),
                  Chromium.class);
      browser.reset();
      return browser;
    }
  }

  /** As it is after the start: a blank page of usual size, light, and no logs. */
  private void reset() {
    driver.get("about:blank");
    size(1280, 900);
    prefer("light");
    requests();
    complaints();
  }

  void open(String address) {
    driver.get(address);
  }

  void reload() {
    driver.navigate().refresh();
  }

  String address() {
    return Objects.requireNonNull(driver.getCurrentUrl());
  }

  /** What a page of this size shows, whatever a window may be. */
  void size(int width, int height) {
    cdp(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", false));
  }

  /** {@code dark} or {@code light}. */
  void prefer(String scheme) {
    cdp(
        "Emulation.setEmulatedMedia",
        Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
  }

  private void cdp(String command, Map<String, Object> parameters) {
    driver.executeCdpCommand(command, parameters);
  }

  /** The elements of this selector that are there just now. */
  List<WebElement> all(String selector) {
    return driver.findElements(By.cssSelector(selector));
  }

  /** The first element that can be seen, as soon as there is one. */
  WebElement one(String selector) {
    List<WebElement> found = new ArrayList<>();
    until(
        selector + " is shown",
        () ->
            all(selector).stream()
                .filter(WebElement::isDisplayed)
                .findFirst()
                .map(found::add)
                .orElse(false));
    return found.getFirst();
  }

  void click(String selector) {
    one(selector).click();
  }

  void type(String selector, CharSequence... keys) {
    one(selector).sendKeys(keys);
  }

  /** Whatever has the focus gets these keys. */
  void press(CharSequence... keys) {
    new Actions(driver).sendKeys(keys).perform();
  }

  /** What of the page can be seen. */
  String text() {
    return text("body");
  }

  /** What of the first such element can be seen; nothing where there is none. */
  String text(String selector) {
    try {
      return all(selector).stream().findFirst().map(WebElement::getText).orElse("");
    } catch (StaleElementReferenceException e) {
      return "";
    }
  }

  /** Waits until the element shows this text. */
  void sees(String selector, String expected) {
    try {
      until("", () -> text(selector).contains(expected));
    } catch (AssertionError e) {
      throw new AssertionError(
          "%s does not show \"%s\" but:%n%s%n(the page: %s)"
              .formatted(selector, expected, text(selector), text()),
          e);
    }
  }

  void until(String what, BooleanSupplier condition) {
    eventually(
        what,
        PATIENCE,
        () -> {
          try {
            return condition.getAsBoolean();
          } catch (StaleElementReferenceException e) {
            return false;
          }
        });
  }

  /** What a function's body returns, as JSON. */
  JsonNode script(String body, Object... arguments) {
    Object answer =
        driver.executeScript("return JSON.stringify((() => {" + body + "})() ?? null)", arguments);
    return json(String.valueOf(answer));
  }

  /** What was asked for since the last call, by its address. */
  List<String> requests() {
    List<String> addresses = new ArrayList<>();
    driver
        .manage()
        .logs()
        .get(LogType.PERFORMANCE)
        .forEach(entry -> {
          JsonNode message = json(entry.getMessage()).path("message");
          if (message.path("method").asText().equals("Network.requestWillBeSent")) {
            addresses.add(message.at("/params/request/url").asText());
          }
        });
    return addresses;
  }

  /** What the browser has put on its console since the last call: errors, violations, warnings. */
  List<String> complaints() {
    List<String> messages = new ArrayList<>();
    driver.manage().logs().get(LogType.BROWSER).forEach(entry -> messages.add(entry.getMessage()));
    return messages;
  }

  /** The whole page as a picture under {@code target/console}. */
  void keep(String name, int width) {
    size(width, 800);
    int height =
        script("return Math.max(800, Math.ceil(document.documentElement.scrollHeight));").asInt();
    size(width, height);
    try {
      Path picture = Files.createDirectories(Path.of("target/console")).resolve(name + ".png");
      Files.write(picture, driver.getScreenshotAs(OutputType.BYTES));
      assertThat(picture).isNotEmptyFile();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static JsonNode json(String text) {
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(text, e);
    }
  }

  @Override
  public void close() {
    driver.quit();
  }
}
