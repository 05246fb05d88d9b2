//! `CLIENTS.md`: the verdicts beside one another, every difference with its reason.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use pkgseal_deb::apt::client::{Answer, Client, ClientVerdict};
use pkgseal_repo::Severity;

use super::Ours;
use super::case::Case;

const HEAD: &str = "\
# What the clients say

Each case is a generated InRelease, Release with Release.gpg, or both, with a key file and a
day; `tests/it/agreement/cases/` makes them. Our models of `bookworm` (apt 2.6, gpgv 2.2) and
`trixie` (apt 3.0, sqv 1.3) say of every one what the real program says, warnings included:
the test `agreement::models_agree_with_the_real_clients` runs `apt-get update` of both over
all of them and takes no exception. This file is written by it and held current by
`agreement::the_table_is_current`.

\"We\" is the strict profile. A case that a client takes over and that fails later at an index
(no file can match its digest) counts as taken over: it is the root that is judged here.
";

/// How a client's verdict relates to ours.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Relation {
    BothAccept,
    BothReject,
    WeReject,
    ClientRejects,
}

fn relation(ours: &Ours, client: &ClientVerdict) -> Relation {
    match (ours.accepted, client.answer != Answer::Rejects) {
        (true, true) => Relation::BothAccept,
        (false, false) => Relation::BothReject,
        (false, true) => Relation::WeReject,
        (true, false) => Relation::ClientRejects,
    }
}

/// The file's text.
pub(crate) fn text(
    cases: &[Case],
    ours: &[Ours],
    columns: &[(Client, Vec<ClientVerdict>)],
) -> String {
    let mut text = HEAD.to_owned();
    counts(&mut text, cases, ours, columns);
    stricter(&mut text, cases, ours, columns);
    clients_stricter(&mut text, cases, ours, columns);
    text
}

fn counts(
    text: &mut String,
    cases: &[Case],
    ours: &[Ours],
    columns: &[(Client, Vec<ClientVerdict>)],
) {
    let mut groups: Vec<&str> = Vec::new();
    for case in cases {
        if !groups.contains(&case.group) {
            groups.push(case.group);
        }
    }
    for (client, verdicts) in columns {
        let _ = write!(
            text,
            "\n## {}\n\n{} ({}).\n\n\
             | cases | all | both accept | both reject | we reject, it accepts | it rejects, we accept | it warns |\n\
             |---|---|---|---|---|---|---|\n",
            client.name(),
            client.summary(),
            client.checked()
        );
        let mut row = |name: &str, chosen: &dyn Fn(&Case) -> bool| {
            let of: Vec<_> = cases
                .iter()
                .zip(ours)
                .zip(verdicts)
                .filter(|((case, _), _)| chosen(case))
                .map(|((_, ours), verdict)| (relation(ours, verdict), verdict.answer))
                .collect();
            let count = |wanted| {
                of.iter()
                    .filter(|(relation, _)| *relation == wanted)
                    .count()
            };
            let warned = of
                .iter()
                .filter(|(_, answer)| *answer == Answer::Warns)
                .count();
            let _ = writeln!(
                text,
                "| {name} | {} | {} | {} | {} | {} | {warned} |",
                of.len(),
                count(Relation::BothAccept),
                count(Relation::BothReject),
                count(Relation::WeReject),
                count(Relation::ClientRejects)
            );
        };
        for group in &groups {
            row(group, &|case| case.group == *group);
        }
        row("**all**", &|_| true);
    }
}

fn meaning(id: &str) -> &'static str {
    [
        pkgseal_deb::CODES,
        pkgseal_openpgp::CODES,
        pkgseal_repo::codes::ALL,
    ]
    .into_iter()
    .flatten()
    .find(|code| code.id == id)
    .map(|code| code.meaning)
    .unwrap()
}

/// Which clients share a difference.
fn names(columns: &[(Client, Vec<ClientVerdict>)], of: impl Fn(usize) -> bool) -> String {
    let named: Vec<_> = columns
        .iter()
        .enumerate()
        .filter(|(column, _)| of(*column))
        .map(|(_, (client, _))| client.name())
        .collect();
    named.join(", ")
}

fn stricter(
    text: &mut String,
    cases: &[Case],
    ours: &[Ours],
    columns: &[(Client, Vec<ClientVerdict>)],
) {
    let mut reasons = BTreeMap::<String, Vec<String>>::new();
    for (number, (case, ours)) in cases.iter().zip(ours).enumerate() {
        let by = names(columns, |column| {
            relation(ours, &columns[column].1[number]) == Relation::WeReject
        });
        if !by.is_empty() {
            let cases = reasons.entry(ours.codes.join(" and ")).or_default();
            cases.push(format!("{} ({by})", case.name));
        }
    }
    text.push_str("\n## Where we reject what a client takes\n\nBy our reason; the clients that take it in brackets.\n");
    for (codes, cases) in reasons {
        let meanings: Vec<_> = codes.split(" and ").map(meaning).collect();
        let _ = write!(text, "\n### `{codes}`\n\n{}.\n\n", meanings.join("; "));
        for case in cases {
            let _ = writeln!(text, "- {case}");
        }
    }
}

fn clients_stricter(
    text: &mut String,
    cases: &[Case],
    ours: &[Ours],
    columns: &[(Client, Vec<ClientVerdict>)],
) {
    text.push_str("\n## Where a client refuses what we accept\n");
    for (column, (client, verdicts)) in columns.iter().enumerate() {
        let _ = write!(text, "\n### {}\n\n", client.name());
        for (number, (case, ours)) in cases.iter().zip(ours).enumerate() {
            let verdict = &verdicts[number];
            if relation(ours, &columns[column].1[number]) != Relation::ClientRejects {
                continue;
            }
            let reasons: Vec<_> = verdict
                .reasons
                .iter()
                .filter(|reason| {
                    reason.severity == Severity::Reject || reason.code.id == "apt.client.key-file"
                })
                .map(|reason| format!("{} (`{}`)", reason.detail, reason.code))
                .collect();
            let _ = writeln!(text, "- {}: {}", case.name, reasons.join("; "));
        }
    }
}
