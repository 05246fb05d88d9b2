//! What we say of a case beside what the clients say, for the tables that tests write.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A case, and our own verdict on it.
#[derive(Clone, Debug)]
pub struct Case {
    /// The kind of case.
    pub group: &'static str,
    /// Its name.
    pub name: String,
    /// Whether we accept.
    pub accepted: bool,
    /// The codes by which we do not.
    pub codes: Vec<&'static str>,
}

impl Case {
    /// A case that we judged, with the codes of what we reject, however often.
    pub fn new(
        group: &'static str,
        name: &str,
        accepted: bool,
        codes: impl IntoIterator<Item = &'static str>,
    ) -> Self {
        let mut codes: Vec<_> = codes.into_iter().collect();
        codes.sort_unstable();
        codes.dedup();
        Self {
            group,
            name: name.to_owned(),
            accepted,
            codes,
        }
    }
}

/// A client, and its verdict on each case.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its name.
    pub name: String,
    /// What it is, in a line.
    pub summary: String,
    /// How its rules were checked.
    pub checked: String,
    /// In the order of the cases.
    pub verdicts: Vec<Verdict>,
}

/// What a client says of a case.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// What it does.
    pub answer: Answer,
    /// Why it rejects.
    pub why: String,
}

/// What a client does with a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It takes it.
    Accepts,
    /// It takes it with a warning.
    Warns,
    /// It refuses it.
    Rejects,
}

/// How a client's verdict relates to ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    BothAccept,
    BothReject,
    WeReject,
    ClientRejects,
}

fn relation(case: &Case, verdict: &Verdict) -> Relation {
    match (case.accepted, verdict.answer != Answer::Rejects) {
        (true, true) => Relation::BothAccept,
        (false, false) => Relation::BothReject,
        (false, true) => Relation::WeReject,
        (true, false) => Relation::ClientRejects,
    }
}

/// Whether the clients can warn: a column of the counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warnings {
    /// They accept or reject.
    None,
    /// They warn as well.
    Counted,
}

/// How often each client agrees with us, by groups of cases.
pub fn counts(cases: &[Case], clients: &[Client], warnings: Warnings) -> String {
    let mut text = String::new();
    let mut groups: Vec<&str> = Vec::new();
    for case in cases {
        if !groups.contains(&case.group) {
            groups.push(case.group);
        }
    }
    let (title, rule) = match warnings {
        Warnings::None => ("", ""),
        Warnings::Counted => (" it warns |", "---|"),
    };
    for client in clients {
        let _ = write!(
            text,
            "\n## {}\n\n{} ({}).\n\n\
             | cases | all | both accept | both reject | we reject, it accepts | it rejects, we accept |{title}\n\
             |---|---|---|---|---|---|{rule}\n",
            client.name, client.summary, client.checked
        );
        let mut row = |name: &str, chosen: &dyn Fn(&Case) -> bool| {
            let of: Vec<_> = cases
                .iter()
                .zip(&client.verdicts)
                .filter(|(case, _)| chosen(case))
                .map(|(case, verdict)| (relation(case, verdict), verdict.answer))
                .collect();
            let count = |wanted| of.iter().filter(|(of, _)| *of == wanted).count();
            let _ = write!(
                text,
                "| {name} | {} | {} | {} | {} | {} |",
                of.len(),
                count(Relation::BothAccept),
                count(Relation::BothReject),
                count(Relation::WeReject),
                count(Relation::ClientRejects)
            );
            if warnings == Warnings::Counted {
                let warned = of.iter().filter(|(_, answer)| *answer == Answer::Warns);
                let _ = write!(text, " {} |", warned.count());
            }
            text.push('\n');
        };
        for group in &groups {
            row(group, &|case| case.group == *group);
        }
        row("**all**", &|_| true);
    }
    text
}

/// The cases that we reject and a client takes, by our reasons; `meaning` of a code is told
/// with it.
pub fn where_we_reject(
    cases: &[Case],
    clients: &[Client],
    meaning: impl Fn(&str) -> &'static str,
) -> String {
    let mut reasons = BTreeMap::<String, Vec<String>>::new();
    for (number, case) in cases.iter().enumerate() {
        let takes =
            |client: &&Client| relation(case, &client.verdicts[number]) == Relation::WeReject;
        let by: Vec<_> = clients.iter().filter(takes).map(|by| &*by.name).collect();
        if !by.is_empty() {
            let cases = reasons.entry(case.codes.join(" and ")).or_default();
            cases.push(format!("{} ({})", case.name, by.join(", ")));
        }
    }
    let mut text = "\n## Where we reject what a client takes\n\n\
                    By our reason; the clients that take it in brackets.\n"
        .to_owned();
    for (codes, cases) in reasons {
        let meanings: Vec<_> = codes.split(" and ").map(&meaning).collect();
        let _ = write!(text, "\n### `{codes}`\n\n{}.\n\n", meanings.join("; "));
        for case in cases {
            let _ = writeln!(text, "- {case}");
        }
    }
    text
}

/// The cases that a client refuses and we accept, with its reasons.
pub fn refused<'a>(
    cases: &'a [Case],
    client: &'a Client,
) -> impl Iterator<Item = (&'a Case, &'a str)> {
    let both = cases.iter().zip(&client.verdicts);
    both.filter(|(case, verdict)| relation(case, verdict) == Relation::ClientRejects)
        .map(|(case, verdict)| (case, verdict.why.as_str()))
}

/// Holds a committed file to what a test found; with the environment variable `write` set,
/// writes it.
///
/// # Panics
/// When the file says something else.
pub fn hold_current(path: &str, text: &str, write: &str) {
    if std::env::var_os(write).is_some() {
        std::fs::write(path, text).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == text,
        "{path} is not current: run this test with {write}=1"
    );
}
