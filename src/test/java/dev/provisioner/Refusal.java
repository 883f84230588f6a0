package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.World.Answer;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.util.ArrayList;
import java.util.List;

/** Sends what must be refused, and sees that nothing came of it and that nothing was given away. */
final class Refusal {
  private Refusal() {}

  static Answer of(World world, HttpRequest.Builder request, int status, String slug) {
    String before = world.dump();
    int calls = world.vapi.calls().size();
    Answer answer = world.send(request);

    assertThat(answer.status()).as("%s", answer).isEqualTo(status);
    assertThat(answer.response().headers().firstValue("Content-Type"))
        .hasValue("application/problem+json");
    assertThat(answer.field("type")).isEqualTo("urn:vapi-provisioner:problem:" + slug);
    assertThat(answer.number("status")).isEqualTo(status);
    assertThat(answer.field("title")).isNotBlank();
    assertThat(answer.field("detail")).isNotBlank();
    assertThat(answer.response().headers().firstValue("X-Request-Id")).isPresent();
    assertThat(world.vapi.calls()).hasSize(calls);
    assertThat(world.dump()).isEqualTo(before);
    assertThat(answer.response().body())
        .doesNotContain(secrets(request.build().headers()))
        .doesNotContain("@example.com");
    return answer;
  }

  private static String[] secrets(HttpHeaders sent) {
    List<String> secrets =
        new ArrayList<>(List.of(World.API_KEY, World.JWT_SECRET, World.WEBHOOK_SECRET));
    sent.firstValue("Authorization").ifPresent(each -> secrets.add(each.replace("Bearer ", "")));
    sent.firstValue("webhook-signature").ifPresent(secrets::add);
    return secrets.toArray(String[]::new);
  }
}
