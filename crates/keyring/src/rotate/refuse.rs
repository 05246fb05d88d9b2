//! Whether a step may be done: who would be left behind, and what has to happen first.

use jiff::{SignedDuration, Timestamp};
use pkgseal_repo::{Finding, Severity};

use super::plan::{Holding, Plan, Step};
use super::write::length;
use crate::codes;

/// How long a new key should live once it signs alone.
const NEW_LASTS: SignedDuration = SignedDuration::from_hours(24 * 365);

/// What a client does with a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Answer {
    /// It uses it.
    Accepts,
    /// It uses it and complains.
    Warns,
    /// It refuses it.
    Rejects,
}

impl Answer {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accepts => "accepts",
            Self::Warns => "warns",
            Self::Rejects => "rejects",
        }
    }
}

/// What a client makes of a repository before and after a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The repository, or the suite in it.
    pub repository: String,
    /// The client's name.
    pub client: String,
    /// Which certificates it has.
    pub holding: Holding,
    /// What it does today, with what it had before the step.
    pub before: Answer,
    /// What it does once the step is done.
    pub after: Answer,
    /// Why, after the step.
    pub why: Vec<String>,
    /// What helps, where whoever asked the client knows.
    pub hint: Option<String>,
}

impl Sighting {
    /// What `--strand` calls the client: `bookworm/old`.
    pub fn name(&self) -> String {
        format!("{}/{}", self.client, self.holding)
    }
}

/// The step that somebody wants to do.
#[derive(Clone, Copy, Debug)]
pub struct Want<'a> {
    /// Which.
    pub step: Step,
    /// When.
    pub now: Timestamp,
    /// Clients that may be left behind, by [`Sighting::name`].
    pub acknowledged: &'a [String],
}

/// What speaks against a step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    /// Everything there is to say; the step may be done unless one of them rejects.
    pub findings: Vec<Finding>,
    /// Clients that will be left behind, all of them acknowledged.
    pub stranded: Vec<String>,
    /// Names that were acknowledged and are not left behind.
    pub unneeded: Vec<String>,
}

impl Refused {
    /// Whether the step may be done.
    pub fn allows(&self) -> bool {
        let refuses = |finding: &Finding| finding.severity >= Severity::Undecided;
        !self.findings.iter().any(refuses)
    }
}

/// What speaks against a step: its place in the order, its date, keys that expire, and every
/// counted client that it would leave behind and that is not acknowledged by name.
pub fn refusals(plan: &Plan, want: &Want<'_>, sightings: &[Sighting]) -> Refused {
    let mut refused = Refused::default();
    order(plan, want, &mut refused.findings);
    refused
        .findings
        .extend(obstacles(plan, want.step, want.now));
    let counted = plan.counted(Some(want.step), want.now);
    let mut met: Vec<&str> = Vec::new();
    let mut names: Vec<(String, Finding)> = Vec::new();
    for sighting in sightings {
        if sighting.after != Answer::Rejects || !counted.contains(&sighting.holding) {
            continue;
        }
        let name = sighting.name();
        let detail = format!(
            "{} with {}: {}",
            sighting.client,
            keyring(sighting.holding),
            if sighting.why.is_empty() {
                "it would refuse the repository".to_owned()
            } else {
                sighting.why.join("; ")
            }
        );
        if sighting.before == Answer::Rejects {
            let finding = Finding::warning(codes::BEFORE, &sighting.repository, detail);
            refused.findings.push(finding);
            continue;
        }
        let mut finding = Finding::reject(codes::STRANDS, &sighting.repository, detail)
            .because(still_there(plan, sighting.holding));
        finding.hint = Some(match &sighting.hint {
            Some(hint) => format!("{hint}; or give it up with --strand {name}"),
            None => format!(
                "{}; or give it up with --strand {name}",
                first(plan, want, sighting)
            ),
        });
        names.push((name, finding));
    }
    names.extend(early(plan, want));
    for (name, mut finding) in names {
        if let Some(word) = want.acknowledged.iter().find(|word| **word == name) {
            met.push(word);
            finding.severity = Severity::Warning;
            finding.code = codes::ACKNOWLEDGED;
            finding.hint = None;
            if !refused.stranded.contains(&name) {
                refused.stranded.push(name);
            }
        }
        refused.findings.push(finding);
    }
    let unneeded = |word: &&String| !met.contains(&word.as_str());
    refused.unneeded = want.acknowledged.iter().filter(unneeded).cloned().collect();
    refused
}

/// A counted client that cannot use a repository as it stands today: a warning where it was
/// given up knowingly.
pub fn stranded_today(
    plan: &Plan,
    repository: &str,
    client: &str,
    holding: Holding,
    why: &[String],
) -> Finding {
    let name = format!("{client}/{holding}");
    let given_up = plan.done.iter().any(|done| done.stranded.contains(&name));
    let (code, severity) = if given_up {
        (codes::ACKNOWLEDGED, Severity::Warning)
    } else {
        (codes::STRANDS, Severity::Reject)
    };
    let detail = format!("{client} with {}: {}", keyring(holding), why.join("; "));
    Finding::new(code, severity, repository, detail).because(still_there(plan, holding))
}

/// A note on a step that would be refused if somebody did it at once: whom it would leave
/// behind, by [`Sighting::name`].
pub fn would_strand(plan: &Plan, step: Step, names: &[String]) -> Finding {
    let detail = format!("today it would leave behind {}", names.join(", "));
    let note = Finding::note(codes::STRANDS, step.name(), detail);
    match plan.earliest(step) {
        Some(earliest) => note.hint(format!("wait until {earliest}")),
        None => note,
    }
}

/// What has to be done before a step whoever the clients are: keys that live long enough.
pub fn obstacles(plan: &Plan, step: Step, now: Timestamp) -> Vec<Finding> {
    let mut findings = Vec::new();
    let end = plan
        .window_ends()
        .or_else(|| now.checked_add(plan.window).ok());
    let old = plan.old.expires(now);
    if step < Step::HandOver
        && let (Some(expires), Some(end)) = (old, end)
        && expires < end
    {
        let left = expires.duration_since(now);
        let detail = format!(
            "it expires at {expires}, and clients have until {end} to get the new certificate: \
             those with the old keyring would be left behind in between"
        );
        findings.push(
            Finding::reject(codes::EXPIRES, plan.old.key.as_str(), detail).hint(if left.is_positive() {
                let days = left.as_hours() / 24;
                format!(
                    "extend it and let clients have the extended certificate before planning \
                     anew, or make the window {days} days at most: pkgseal key rotate plan --window {days}d"
                )
            } else {
                "it has expired: extend it, and plan anew".to_owned()
            }),
        );
    }
    let until = end.and_then(|end| end.checked_add(plan.settle).ok());
    if let (Some(expires), Some(until)) = (plan.new.expires(now), until) {
        if expires < until {
            let detail = format!("it expires at {expires}, before the rotation ends at {until}");
            findings.push(
                Finding::reject(codes::EXPIRES, plan.new.key.as_str(), detail)
                    .hint("extend the new key before anybody gets it: pkgseal key extend"),
            );
        } else if until
            .checked_add(NEW_LASTS)
            .is_ok_and(|soon| expires < soon)
        {
            let detail =
                format!("it expires at {expires}, less than a year after the rotation ends");
            findings.push(
                Finding::warning(codes::EXPIRES, plan.new.key.as_str(), detail)
                    .hint("the next rotation has to be planned by then"),
            );
        }
    }
    for party in [&plan.old, &plan.new] {
        // Who signs has to be able to; after the hand-over the old key may be gone.
        let signs = party.key == plan.new.key || step < Step::HandOver;
        let alive = party
            .facts(now)
            .is_some_and(|facts| facts.state == pkgseal_openpgp::KeyState::Live);
        let expired = party.expires(now).is_some_and(|expires| expires <= now);
        if signs && !alive && !expired {
            let detail = format!("it cannot sign at {now}: it is revoked, not yet valid, or weak");
            findings.push(Finding::reject(codes::UNFIT, party.key.as_str(), detail));
        }
    }
    findings
}

/// Steps that were left out, or lie behind.
fn order(plan: &Plan, want: &Want<'_>, findings: &mut Vec<Finding>) {
    let step = want.step;
    let finding =
        |severity, detail: String| Finding::new(codes::ORDER, severity, step.name(), detail);
    if let Some(open) = plan.interrupted() {
        if open != step {
            let detail = format!("{open} was interrupted, and has to be ended first");
            findings.push(finding(Severity::Reject, detail));
        }
        return;
    }
    if let Some(stage) = plan.stage()
        && stage >= step
    {
        let detail = format!("{stage} is done already: no step is taken back");
        findings.push(finding(Severity::Reject, detail));
        return;
    }
    if step == Step::Drop && plan.ended(Step::HandOver).is_none() {
        let detail = "the old key still signs: its certificate cannot go before the hand-over";
        findings.push(finding(Severity::Reject, detail.to_owned()));
    }
    let left_out: Vec<_> = plan
        .steps()
        .filter(|before| *before < step && plan.ended(*before).is_none())
        .map(Step::name)
        .collect();
    if !left_out.is_empty() {
        let detail = format!("{} comes first, and is not done", left_out.join(" and "));
        findings.push(finding(Severity::Warning, detail));
    }
}

/// Steps whose time has not come though no client that is asked would notice.
fn early(plan: &Plan, want: &Want<'_>) -> Option<(String, Finding)> {
    let (name, detail) = match want.step {
        Step::HandOver => {
            let until = plan
                .done
                .iter()
                .filter_map(|done| done.pinned_until)
                .max()?;
            if want.now >= until {
                return None;
            }
            let detail = format!(
                "apt clients that go by the Signed-By of the Release they have remember \
                 until {until} that the old key alone may sign"
            );
            ("pinned/both", detail)
        }
        Step::Drop => {
            let earliest = plan.earliest(Step::Drop)?;
            if want.now >= earliest {
                return None;
            }
            let detail = format!(
                "mirrors and caches have until {earliest} ({} after the hand-over) to follow: \
                 they may still serve what the old key signed",
                length(plan.settle)
            );
            ("mirrors/new", detail)
        }
        Step::Announce | Step::DualSign => return None,
    };
    let hint = format!("wait until then; or give them up with --strand {name}");
    let finding = Finding::reject(codes::EARLY, want.step.name(), detail).hint(hint);
    Some((name.to_owned(), finding))
}

fn keyring(holding: Holding) -> &'static str {
    match holding {
        Holding::Old => "the old keyring",
        Holding::Both => "both certificates",
        Holding::New => "the new certificate alone",
    }
}

/// Why a client is counted.
fn still_there(plan: &Plan, holding: Holding) -> String {
    match (holding, plan.window_ends()) {
        (Holding::Old, Some(end)) => {
            format!("the plan counts clients with the old keyring alone until {end}")
        }
        (Holding::Old, None) => {
            "the new certificate is not announced: every client has the old one alone".to_owned()
        }
        (Holding::Both, _) => "it is what clients get from the announcement on".to_owned(),
        (Holding::New, _) => {
            "it is what clients get once the old certificate is dropped".to_owned()
        }
    }
}

/// What has to happen first.
fn first(plan: &Plan, want: &Want<'_>, sighting: &Sighting) -> String {
    match (sighting.holding, want.step) {
        (Holding::Old, _) => match plan.window_ends() {
            Some(end) => format!("wait until {end}"),
            None => "announce the new certificate, and give clients the window to get it: \
                     pkgseal key rotate step"
                .to_owned(),
        },
        (Holding::Both, Step::Announce) => "take a new key that this client can read".to_owned(),
        _ => "take a new key that this client can use, and plan anew".to_owned(),
    }
}
