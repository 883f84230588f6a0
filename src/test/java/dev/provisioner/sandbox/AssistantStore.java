package dev.provisioner.sandbox;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The assistants of one organisation, and what its listings show of them. */
final class AssistantStore {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Vapi writes three digits even where Java would leave them out. */
  private static final DateTimeFormatter MILLIS =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

  private static final String ORGANISATION = "b0a1c6b2-6f4e-4d3c-9a58-5a1d3f1b7e90";

  private final InstantSource clock;

  /** In the order of creation. */
  private final Map<String, SimulatedAssistant> assistants = new LinkedHashMap<>();

  private final Set<String> unlisted = new HashSet<>();
  private final List<String> deleted = new ArrayList<>();
  private final List<SimulatedAssistant> everCreated = new ArrayList<>();
  private int cutListings;
  private int laggingListings;
  private boolean lagging;
  private Duration lag = Duration.ZERO;
  private ListOrder order = ListOrder.NEWEST_FIRST;

  AssistantStore(InstantSource clock) {
    this.clock = clock;
  }

  synchronized SimulatedAssistant create(ObjectNode body) {
    SimulatedAssistant assistant = add(body, clock.instant());
    everCreated.add(assistant);
    if (lagging) {
      unlisted.add(assistant.id());
    }
    return assistant;
  }

  synchronized SimulatedAssistant add(ObjectNode body, Instant at) {
    String id = UUID.randomUUID().toString();
    Instant createdAt = at.truncatedTo(ChronoUnit.MILLIS);
    ObjectNode json =
        body.deepCopy()
            .put("id", id)
            .put("orgId", ORGANISATION)
            .put("createdAt", MILLIS.format(createdAt))
            .put("updatedAt", MILLIS.format(createdAt));
    JsonNode name = json.get("name");
    JsonNode metadata = json.path("metadata");
    SimulatedAssistant assistant =
        new SimulatedAssistant(
            id,
            name == null ? null : name.asText(),
            createdAt,
            metadata.isObject()
                ? JSON.convertValue(metadata, new TypeReference<Map<String, Object>>() {})
                : Map.of(),
            json);
    assistants.put(id, assistant);
    return assistant;
  }

  /** Moves the creation of everything into the past. */
  synchronized void age(Duration by) {
    assistants.replaceAll((id, each) -> {
      Instant createdAt = each.createdAt().minus(by);
      ObjectNode json =
          each.json().<ObjectNode>deepCopy().put("createdAt", MILLIS.format(createdAt));
      return new SimulatedAssistant(id, each.name(), createdAt, each.metadata(), json);
    });
  }

  synchronized @Nullable SimulatedAssistant get(String id) {
    return assistants.get(id);
  }

  synchronized @Nullable SimulatedAssistant delete(String id) {
    SimulatedAssistant gone = assistants.remove(id);
    if (gone != null) {
      deleted.add(id);
    }
    return gone;
  }

  synchronized List<SimulatedAssistant> list(Predicate<SimulatedAssistant> wanted, int limit) {
    Instant listedUntil = clock.instant().minus(lag);
    List<SimulatedAssistant> found = new ArrayList<>();
    boolean complete = true;
    for (SimulatedAssistant each : assistants.values()) {
      if (wanted.test(each)) {
        boolean shown = lag.isZero() || !each.createdAt().isAfter(listedUntil);
        if (shown && !unlisted.contains(each.id())) {
          found.add(each);
        } else {
          complete = false;
        }
      }
    }
    if (!complete) {
      laggingListings++;
    }
    if (found.size() > limit) {
      cutListings++;
    }
    order.arrange(found);
    return List.copyOf(found.subList(0, Math.min(limit, found.size())));
  }

  synchronized List<SimulatedAssistant> all() {
    return List.copyOf(assistants.values());
  }

  synchronized List<SimulatedAssistant> everCreated() {
    return List.copyOf(everCreated);
  }

  synchronized int cutListings() {
    return cutListings;
  }

  synchronized int laggingListings() {
    return laggingListings;
  }

  synchronized List<String> deleted() {
    return List.copyOf(deleted);
  }

  synchronized void order(ListOrder newOrder) {
    order = newOrder;
  }

  synchronized void lagListing() {
    lagging = true;
  }

  synchronized void lagListing(Duration newLag) {
    lag = newLag;
  }

  synchronized void catchUp() {
    lagging = false;
    lag = Duration.ZERO;
    unlisted.clear();
  }

  /** How a listing is ordered, before it is cut to its limit. */
  enum ListOrder {
    NEWEST_FIRST {
      @Override
      void arrange(List<SimulatedAssistant> oldestFirst) {
        OLDEST_FIRST.arrange(oldestFirst);
        Collections.reverse(oldestFirst);
      }
    },
    OLDEST_FIRST {
      @Override
      void arrange(List<SimulatedAssistant> oldestFirst) {
        oldestFirst.sort(Comparator.comparing(SimulatedAssistant::createdAt));
      }
    },
    /** No order at all, but the same one every time. */
    SHUFFLED {
      @Override
      void arrange(List<SimulatedAssistant> oldestFirst) {
        Collections.shuffle(oldestFirst, new Random(oldestFirst.size()));
      }
    };

    abstract void arrange(List<SimulatedAssistant> oldestFirst);
  }
}
