package dev.provisioner.privacy;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.AppenderBase;
import java.util.Arrays;

/** Reads every log event of the tests, to the last field and stack trace; prints none. */
public final class LogScanner extends AppenderBase<ILoggingEvent> {
  @Override
  protected void append(ILoggingEvent event) {
    StringBuilder all = new StringBuilder(event.getFormattedMessage());
    all.append(' ').append(Arrays.toString(event.getArgumentArray()));
    all.append(' ').append(event.getKeyValuePairs());
    all.append(' ').append(event.getMDCPropertyMap());
    if (event.getThrowableProxy() != null) {
      all.append(' ').append(ThrowableProxyUtil.asString(event.getThrowableProxy()));
    }
    Confidential.judge("The log of " + event.getLoggerName(), all.toString());
  }
}
