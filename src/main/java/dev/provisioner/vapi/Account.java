package dev.provisioner.vapi;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What one look at the account shows.
 *
 * @param organisation whose assistants the key sees; null while there is none to tell it by
 * @param date Vapi's clock, cut to the second; null where it does not say
 */
public record Account(@Nullable String organisation, @Nullable Instant date) {}
