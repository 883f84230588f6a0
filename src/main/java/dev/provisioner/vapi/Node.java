package dev.provisioner.vapi;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.provisioner.vapi.AssistantTemplate.Subject;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/** A compiled template: JSON in which every text already knows where its placeholders are. */
sealed interface Node {
  void write(JsonGenerator json, Subject subject) throws IOException;

  /** Members in the template's order. */
  record Members(SequencedMap<String, Node> members) implements Node {
    @Override
    public void write(JsonGenerator json, Subject subject) throws IOException {
      json.writeStartObject();
      for (Map.Entry<String, Node> member : members.entrySet()) {
        json.writeFieldName(member.getKey());
        member.getValue().write(json, subject);
      }
      json.writeEndObject();
    }
  }

  record Elements(List<Node> elements) implements Node {
    @Override
    public void write(JsonGenerator json, Subject subject) throws IOException {
      json.writeStartArray();
      for (Node element : elements) {
        element.write(json, subject);
      }
      json.writeEndArray();
    }
  }

  /** A string value: its parts, one after the other. */
  record Text(List<Part> parts) implements Node {
    String of(Subject subject) {
      if (parts.size() == 1) {
        return parts.getFirst().of(subject);
      }
      StringBuilder text = new StringBuilder();
      for (Part part : parts) {
        text.append(part.of(subject));
      }
      return text.toString();
    }

    @Override
    public void write(JsonGenerator json, Subject subject) throws IOException {
      json.writeString(of(subject));
    }

    /** Literal text, or one value of the subject. */
    interface Part {
      String of(Subject subject);
    }
  }

  /** A number, with the digits of the template. */
  record Numeral(String digits) implements Node {
    @Override
    public void write(JsonGenerator json, Subject subject) throws IOException {
      json.writeNumber(digits);
    }
  }

  /** true, false or null. */
  enum Constant implements Node {
    TRUE,
    FALSE,
    NULL;

    @Override
    public void write(JsonGenerator json, Subject subject) throws IOException {
      switch (this) {
        case TRUE -> json.writeBoolean(true);
        case FALSE -> json.writeBoolean(false);
        case NULL -> json.writeNull();
      }
    }
  }
}
