//! `CLIENTS.md`: the verdicts beside one another, every difference with its reason.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use pkgseal_rpm::client::{Client, ClientVerdict, Verified};

use super::Ours;
use super::case::Case;

const HEAD: &str = "\
# What the clients say

Each case is a generated package with the keys that are imported, a level and a day;
`tests/it/agreement/cases/` makes them. Our models of `rpm-4.18` and `rpm-4.20` print of every
one what the real `rpmkeys --checksig` prints, with `--verbose` and without: the test
`agreement::models_agree_with_the_real_programs` runs both over all of them and takes no
exception. Left out of the comparison is what goes to standard error, addresses in memory, and
sequoia's own words on a packet it cannot read. `rpm-6` is held against its sources only. This
file is written by the test `agreement::the_table_is_current`, which holds it current.

\"We\" is the strict profile at the same level, reading tolerantly. We never accept a package
whose signed header or payload was changed.
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
    match (ours.accepted, client.accepted) {
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
             | cases | all | both accept | both reject | we reject, it accepts | it rejects, we accept |\n\
             |---|---|---|---|---|---|\n",
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
                .map(|((_, ours), verdict)| relation(ours, verdict))
                .collect();
            let count = |wanted| of.iter().filter(|relation| **relation == wanted).count();
            let _ = writeln!(
                text,
                "| {name} | {} | {} | {} | {} | {} |",
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
        pkgseal_rpm::codes::ALL,
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

/// Cases of one kind of difference, by its reason.
type Reasons = BTreeMap<String, Vec<String>>;

fn stricter(
    text: &mut String,
    cases: &[Case],
    ours: &[Ours],
    columns: &[(Client, Vec<ClientVerdict>)],
) {
    let mut reasons = Reasons::new();
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
    text.push_str("\n## Where a client refuses what we accept\n\nBy what it says.\n");
    for (client, verdicts) in columns {
        let mut reasons = Reasons::new();
        for ((case, ours), verdict) in cases.iter().zip(ours).zip(verdicts) {
            if relation(ours, verdict) != Relation::ClientRejects {
                continue;
            }
            let said: Vec<_> = verdict
                .items
                .iter()
                .filter(|item| item.result != Verified::Ok)
                .map(|item| {
                    let what = item.description.split(", key ").next().unwrap();
                    format!("{what}: {}", item.result)
                })
                .collect();
            let said = match &verdict.unreadable {
                Some(why) => format!("error: {why}"),
                None if said.is_empty() => "nothing covers all that is demanded".to_owned(),
                None => said.join("; "),
            };
            reasons.entry(said).or_default().push(case.name.clone());
        }
        let _ = write!(text, "\n### {}\n\n", client.name());
        for (said, cases) in reasons {
            let _ = writeln!(text, "- **{said}**: {}", cases.join("; "));
        }
    }
}
