//! What dnf 4.14 makes of more than a hundred generated repositories, and what we say.
//! The result stands in `DNF.md`; to write it anew, run this with `PKGSEAL_WRITE_DNF=1`.

mod cases;
mod table;

use pkgseal_openpgp::{Certificate, Certificates, Profile, Verifier};
use pkgseal_repo::{CheckOptions, NoProgress, Outcome, Severity};
use pkgseal_rpm::yum::{self, Level, TreeRequest};
use pkgseal_testkit::{keys, peers};

use cases::{Case, cases};

/// A verdict on a case, and the codes or words that made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) accepted: bool,
    pub(crate) why: String,
}

/// Our own: the root and every metadata file, as dnf reads them.
fn ours(case: &Case) -> Answer {
    let folder = tempfile::tempdir().unwrap();
    case.write(folder.path());
    let certificates = Certificates::new(Certificate::parse_all(&case.certificate).0);
    let verifier = Verifier::new(certificates, Profile::strict(), keys::time(case.now));
    let request = TreeRequest {
        level: Level::Indices,
        ..TreeRequest::default()
    };
    let options = CheckOptions::default();
    let found =
        yum::verify_tree_with(folder.path(), &verifier, &request, &options, &NoProgress).unwrap();
    let findings = &found.examination.report.findings;
    let mut codes: Vec<_> = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Reject)
        .map(|finding| finding.code.id)
        .collect();
    codes.sort_unstable();
    codes.dedup();
    Answer {
        accepted: found.examination.outcome() == Outcome::Accepted,
        why: codes.join(" and "),
    }
}

/// What dnf makes of each case, all of a day in one run; `None` where it is not installed.
fn dnf(cases: &[Case]) -> Option<Vec<bool>> {
    let mut days: Vec<&str> = cases.iter().map(|case| case.now).collect();
    days.sort_unstable();
    days.dedup();
    let mut accepted = vec![false; cases.len()];
    for day in days {
        let folder = tempfile::tempdir().unwrap();
        let mut repositories = Vec::new();
        for (number, case) in cases.iter().enumerate().filter(|(_, case)| case.now == day) {
            let root = folder.path().join(format!("r{number:04}"));
            case.write(&root);
            let key = folder.path().join(format!("k{number:04}.asc"));
            std::fs::write(&key, &case.certificate).unwrap();
            repositories.push((format!("r{number:04}"), root, key));
        }
        for id in peers::yum::dnf_takes(&repositories, keys::time(day))? {
            let number: usize = id.trim_start_matches('r').parse().unwrap();
            accepted[number] = true;
        }
    }
    Some(accepted)
}

#[test]
fn the_table_is_what_dnf_and_we_say() {
    let cases = cases();
    assert!(cases.len() >= 100, "{}", cases.len());
    let ours: Vec<_> = cases.iter().map(ours).collect();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/DNF.md");
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    let written = std::env::var_os("PKGSEAL_WRITE_DNF").is_some();
    let dnf = match dnf(&cases) {
        Some(accepted) => accepted,
        // Without dnf, what it was heard to say is believed.
        None => match table::said(&committed, &cases) {
            Ok(accepted) => accepted,
            Err(missing) => panic!("not in the table: {missing}"),
        },
    };
    let text = table::text(&cases, &ours, &dnf);
    if written {
        std::fs::write(path, &text).unwrap();
        return;
    }
    if text != committed {
        let changed: Vec<_> = text
            .lines()
            .filter(|line| !committed.lines().any(|known| known == *line))
            .collect();
        panic!(
            "DNF.md is not current; write it with PKGSEAL_WRITE_DNF=1: {}",
            changed.join("\n")
        );
    }
}
