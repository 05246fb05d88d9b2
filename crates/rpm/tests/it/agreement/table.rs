//! `CLIENTS.md`: the verdicts beside one another, every difference with its reason.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use pkgseal_rpm::client::{Client, ClientVerdict, Verified};
use pkgseal_testkit::agreement::{self, Warnings, counts, refused, where_we_reject};

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

/// The file's text.
pub(crate) fn text(cases: &[agreement::Case], clients: &[agreement::Client]) -> String {
    let mut text = HEAD.to_owned();
    text.push_str(&counts(cases, clients, Warnings::None));
    text.push_str(&where_we_reject(cases, clients, meaning));
    text.push_str("\n## Where a client refuses what we accept\n\nBy what it says.\n");
    for client in clients {
        let mut reasons = BTreeMap::<&str, Vec<&str>>::new();
        for (case, why) in refused(cases, client) {
            reasons.entry(why).or_default().push(&case.name);
        }
        let _ = write!(text, "\n### {}\n\n", client.name);
        for (said, cases) in reasons {
            let _ = writeln!(text, "- **{said}**: {}", cases.join("; "));
        }
    }
    text
}

/// A client and its verdicts as the table has them.
pub(crate) fn column(client: &Client, verdicts: &[ClientVerdict]) -> agreement::Client {
    let verdict = |verdict: &ClientVerdict| agreement::Verdict {
        answer: if verdict.accepted {
            agreement::Answer::Accepts
        } else {
            agreement::Answer::Rejects
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

/// What it says of whatever is not in order.
fn why(verdict: &ClientVerdict) -> String {
    if let Some(why) = &verdict.unreadable {
        return format!("error: {why}");
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
    if said.is_empty() {
        "nothing covers all that is demanded".to_owned()
    } else {
        said.join("; ")
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
