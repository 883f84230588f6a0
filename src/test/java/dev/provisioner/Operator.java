package dev.provisioner;

import dev.provisioner.World.Person;
import dev.provisioner.http.Scope;
import dev.provisioner.http.Tokens;
import dev.provisioner.sandbox.Fault;
import dev.provisioner.sandbox.Wire;
import java.time.Duration;
import java.time.Instant;
import org.openqa.selenium.Keys;

/** Somebody at the console, over a wire that can be cut. */
final class Operator implements AutoCloseable {
  final Chromium browser;
  final Wire wire;

  private final World world;

  Operator(Chromium browser, World world) {
    this.browser = browser;
    this.world = world;
    this.wire = Wire.to("localhost", world.uri("/").getPort());
  }

  String home() {
    return "http://127.0.0.1:" + wire.port() + "/";
  }

  /** With a good token, until the numbers are shown. */
  void logIn() {
    browser.open(home());
    enter(World.token(Scope.OPERATE));
    browser.one("#statuses dd");
    browser.sees("#updated", "Updated");
  }

  /** Types a token and sends it. */
  void enter(String token) {
    browser.one("#token").clear();
    browser.type("#token", token, Keys.ENTER);
  }

  static String expiring(Duration in) {
    Instant end = Instant.now().plus(in);
    return Tokens.mint(
        new Secret(World.JWT_SECRET), Scope.OPERATE, end.minus(Duration.ofHours(1)), end);
  }

  /** A user for whom Vapi has rejected the assistant with this message. */
  Person rejected(String message) {
    Person person = world.person();
    world
        .vapi
        .onCreate()
        .next(
            Fault.status(
                400,
                "{\"message\":[\""
                    + message
                    + "\"],\"error\":\"Bad Request\",\"statusCode\":400}"));
    world.ring(person);
    return person;
  }

  /** Where a row stands among those that need a person. */
  static String trouble(Person person) {
    return "#troubles [data-row='" + person.provision() + "']";
  }

  /** Where it stands in the table. */
  static String row(Person person) {
    return "#rows [data-row='" + person.provision() + "']";
  }

  @Override
  public void close() {
    browser.open("about:blank");
    wire.close();
  }
}
