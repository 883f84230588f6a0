package dev.provisioner.doctor;

import dev.provisioner.Config;
import dev.provisioner.vapi.AssistantTemplate;
import dev.provisioner.vapi.TemplateReview;
import java.util.ArrayList;
import java.util.List;

/** Would Vapi take what the template makes, and is it one of the team's own. */
final class TemplateChecks {
  private static final String MEND =
      "mend the file that ASSISTANT_TEMPLATE names, then restart the service";

  private final Config.Draft draft;

  TemplateChecks(Config.Draft draft) {
    this.draft = draft;
  }

  List<Finding> findings() {
    if (!draft.usable("ASSISTANT_TEMPLATE")) {
      return List.of(Finding.skipped("not looked at: mend ASSISTANT_TEMPLATE first"));
    }
    AssistantTemplate template = draft.config().vapi().template();
    List<Finding> findings = new ArrayList<>();
    if (template.isBundled()) {
      findings.add(
          Finding.warning(
              "the bundled demo is in use: every user gets the demo assistant",
              "ASSISTANT_TEMPLATE=/path/to/your-template.json"));
    }
    TemplateReview.Remarks remarks = TemplateReview.of(template);
    for (String refused : remarks.refused()) {
      findings.add(Finding.broken("Vapi would reject the template: " + refused, MEND));
    }
    for (String doubted : remarks.doubted()) {
      findings.add(Finding.warning(doubted, MEND));
    }
    return findings.isEmpty() ? List.of(Finding.ok("within Vapi's known bounds")) : findings;
  }
}
