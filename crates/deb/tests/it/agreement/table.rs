//! `CLIENTS.md`: the verdicts beside one another, every difference with its reason.

use std::fmt::Write as _;

use pkgseal_deb::apt::client::{Answer, Client, ClientVerdict};
use pkgseal_repo::Severity;
use pkgseal_testkit::agreement::{self, Warnings, counts, refused, where_we_reject};

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

/// The file's text.
pub(crate) fn text(cases: &[agreement::Case], clients: &[agreement::Client]) -> String {
    let mut text = HEAD.to_owned();
    text.push_str(&counts(cases, clients, Warnings::Counted));
    text.push_str(&where_we_reject(cases, clients, meaning));
    text.push_str("\n## Where a client refuses what we accept\n");
    for client in clients {
        let _ = write!(text, "\n### {}\n\n", client.name);
        for (case, why) in refused(cases, client) {
            let _ = writeln!(text, "- {}: {why}", case.name);
        }
    }
    text
}

/// A client and its verdicts as the table has them.
pub(crate) fn column(client: &Client, verdicts: &[ClientVerdict]) -> agreement::Client {
    let verdict = |verdict: &ClientVerdict| agreement::Verdict {
        answer: match verdict.answer {
            Answer::Accepts => agreement::Answer::Accepts,
            Answer::Warns => agreement::Answer::Warns,
            Answer::Rejects => agreement::Answer::Rejects,
        },
        why: why(verdict),
    };
    agreement::Client {
        name: client.name().to_owned(),
        summary: client.summary().to_owned(),
        checked: client.checked().to_owned(),
        verdicts: verdicts.iter().map(verdict).collect(),
    }
}

fn why(verdict: &ClientVerdict) -> String {
    let reasons: Vec<_> = verdict
        .reasons
        .iter()
        .filter(|reason| {
            reason.severity == Severity::Reject || reason.code.id == "apt.client.key-file"
        })
        .map(|reason| format!("{} (`{}`)", reason.detail, reason.code))
        .collect();
    reasons.join("; ")
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
