package dev.provisioner.vapi;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.JsonRecyclerPools;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The body of {@code POST /assistant} with placeholders: {@code {{user.id}}}, {@code
 * {{user.email}}}, {@code {{user.name}}}, {@code {{env.NAME}}}, with or without spaces inside the
 * braces.
 *
 * <p>They are found once, in string values only, when the template is parsed; what is put in their
 * place is text and nothing else, so that a name can neither change the structure nor be expanded
 * again. Vapi has variables of its own in the same braces: {@code {{vapi:customer.number}}} is sent
 * as {@code {{customer.number}}}.
 *
 * <p>Immutable and thread-safe.
 */
public final class AssistantTemplate {
  /** Vapi's limit for an assistant's name, in UTF-16 units. */
  static final int NAME_LIMIT = 40;

  private static final String BUNDLED = "/assistant-template.json";
  // Buffers that are kept by thread, as is Jackson's way, are never used again by virtual threads.
  private static final JsonFactory JSON =
      JsonFactory.builder().recyclerPool(JsonRecyclerPools.sharedConcurrentDequePool()).build();

  private static final String NAME = "name";
  private static final String METADATA = "metadata";
  private static final Set<String> OURS =
      Set.of("provision_id", "user_id", "installation", "provisioned_by");

  private final SequencedMap<String, Node> members; // without metadata
  private final SequencedMap<String, Node> metadata; // the template's, without ours
  private final boolean bundled;

  private AssistantTemplate(SequencedMap<String, Node> compiled, boolean bundled) {
    this.members = new LinkedHashMap<>(compiled);
    this.metadata = new LinkedHashMap<>();
    if (members.remove(METADATA) instanceof Node.Members(SequencedMap<String, Node> theirs)) {
      metadata.putAll(theirs);
      metadata.keySet().removeAll(OURS);
    }
    this.bundled = bundled;
  }

  /**
   * Parses and compiles.
   *
   * @param json one JSON object without duplicate keys; {@code name} must be a string and {@code
   *     metadata} an object where present
   * @param environment a variable's value; null or empty where it is not set
   * @throws TemplateException listing every problem found, never with a variable's value. Where the
   *     text is no JSON, the problems before that place
   */
  public static AssistantTemplate parse(
      String json, Function<String, @Nullable String> environment) {
    // A deployment that brings files has the demo as one of them, until it has its own.
    boolean demo = json.strip().equals(bundledText().strip());
    return new AssistantTemplate(TemplateParser.compile(json, environment), demo);
  }

  /** The template that ships with the service; it needs no variables. */
  public static AssistantTemplate bundled(Function<String, @Nullable String> environment) {
    return parse(bundledText(), environment);
  }

  private static String bundledText() {
    try (InputStream template = AssistantTemplate.class.getResourceAsStream(BUNDLED)) {
      if (template == null) {
        throw new IllegalStateException("this build lacks " + BUNDLED);
      }
      return new String(template.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + BUNDLED, e);
    }
  }

  /** Whether this is the template that ships with the service, or a copy of it. */
  public boolean isBundled() {
    return bundled;
  }

  /**
   * The body of {@code POST /assistant} for one user, as UTF-8 JSON. {@code name} is cut to 40
   * UTF-16 units, and left out where nothing remains of it; {@code metadata} says whose assistant
   * it is and for which row, whatever the template has there.
   */
  public byte[] render(Subject subject) {
    ByteArrayOutputStream body = new ByteArrayOutputStream(2_048);
    try (JsonGenerator json = JSON.createGenerator(body)) {
      json.writeStartObject();
      for (Map.Entry<String, Node> member : members.entrySet()) {
        if (member.getKey().equals(NAME) && member.getValue() instanceof Node.Text name) {
          writeName(json, PlainText.cut(name.of(subject), NAME_LIMIT));
        } else {
          json.writeFieldName(member.getKey());
          member.getValue().write(json, subject);
        }
      }
      json.writeFieldName(METADATA);
      writeMetadata(json, subject);
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory cannot fail", e);
    }
    return body.toByteArray();
  }

  private static void writeName(JsonGenerator json, String name) throws IOException {
    if (!name.isBlank()) {
      json.writeStringField(NAME, name);
    }
  }

  private void writeMetadata(JsonGenerator json, Subject subject) throws IOException {
    json.writeStartObject();
    for (Map.Entry<String, Node> theirs : metadata.entrySet()) {
      json.writeFieldName(theirs.getKey());
      theirs.getValue().write(json, subject);
    }
    json.writeStringField("provision_id", subject.provisionId().toString());
    json.writeStringField("user_id", subject.userId().toString());
    json.writeStringField("installation", PlainText.wellFormed(subject.installation()));
    json.writeStringField("provisioned_by", "vapi-provisioner");
    json.writeEndObject();
  }

  /**
   * Whom an assistant is for.
   *
   * @param email as the user signed up with; null where there is none
   * @param displayName as the user calls itself, never to be trusted; null where there is none
   * @param provisionId the row's id, by which the assistant is found again
   * @param installation whose it is when databases share a Vapi organisation
   */
  public record Subject(
      UUID userId,
      @Nullable String email,
      @Nullable String displayName,
      UUID provisionId,
      String installation) {
    private static final int NAME_CHARACTERS = 64;
    private static final int EMAIL_CHARACTERS = 320;

    /** How much of a name gives its owner away. */
    private static final int RECOGNISABLE = 6;

    public Subject {
      Objects.requireNonNull(userId, "userId");
      Objects.requireNonNull(provisionId, "provisionId");
      Objects.requireNonNull(installation, "installation");
    }

    /** {@code {{user.name}}}: the display name, or else the e-mail, or else nothing. */
    String plainName() {
      String name = displayName == null ? "" : inert(displayName, NAME_CHARACTERS);
      if (!name.isEmpty()) {
        return name;
      }
      return email == null ? "" : inert(email, NAME_CHARACTERS);
    }

    /** {@code {{user.email}}}: the e-mail, or nothing. */
    String plainEmail() {
      return email == null ? "" : inert(email, EMAIL_CHARACTERS);
    }

    /** Without braces: Vapi expands {@code {{…}}} and <code>{%…%}</code> itself in every call. */
    private static String inert(String text, int limit) {
      return PlainText.line(text, limit).replace('{', '(').replace('}', ')');
    }

    /**
     * What Vapi has said of this user, who may be quoted in it, without the name and the e-mail.
     */
    public String conceal(String said) {
      return concealName(concealEmail(said));
    }

    private String concealEmail(String said) {
      return plainEmail().isEmpty() ? said : said.replace(plainEmail(), "[e-mail]");
    }

    /** The name also where it was cut, as an assistant's name is; a short one only as a word. */
    private String concealName(String said) {
      String name = plainName();
      String concealed = said;
      for (int length = name.length(); length >= RECOGNISABLE; length--) {
        concealed = concealed.replace(name.substring(0, length), "[name]");
      }
      return name.isEmpty() || name.length() >= RECOGNISABLE
          ? concealed
          : concealed.replaceAll(
              "(?<![\\p{L}\\p{N}])" + Pattern.quote(name) + "(?![\\p{L}\\p{N}])", "[name]");
    }

    /** Ids only. */
    @Override
    public String toString() {
      return "Subject[userId=%s, provisionId=%s, installation=%s]"
          .formatted(userId, provisionId, installation);
    }
  }
}
