//! `DNF.md`: the verdicts beside one another, every difference with its reason.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Answer;
use super::cases::{Case, GROUPS};

const HEAD: &str = "\
# What dnf says

Each case is a generated repository with a key file and a day; `tests/it/dnf/cases.rs` makes
them. \"dnf\" is dnf 4.14 with librepo 1.14 (gpgme) as Debian 12 has them, with
`repo_gpgcheck=1` and that key, in a private root with an empty cache: it takes a repository
when it loads it. \"We\" is `pkgseal yum verify --level indices` with the strict profile. dnf
was run over all of them; the test `dnf::the_table_is_what_dnf_and_we_say` wrote this file,
runs dnf again where it is installed, and holds the file current.

";

/// Why dnf takes what we reject, by our reason.
const DNF_TAKES: &[(&str, &str)] = &[
    (
        "file.digest-mismatch",
        "dnf does not fetch the index of changelogs, so it never sees what is wrong with it.",
    ),
    (
        "file.missing",
        "dnf does not fetch the index of changelogs, so it does not miss it.",
    ),
    (
        "file.size-mismatch",
        "librepo compares digests and not sizes; and the index of changelogs is not fetched at all.",
    ),
    (
        "file.weak-digest",
        "dnf takes metadata that is bound by MD5 or SHA-1 only.",
    ),
    (
        "path.unsafe",
        "librepo puts a location behind the repository's address as it stands. These lead to the \
         right file that way; others would lead out. Locations of packages are not looked at \
         before they are fetched.",
    ),
    (
        "signature.bad",
        "gpgme's first good signature is enough for librepo: what is wrong behind it is not seen. \
         The other way round dnf rejects as well.",
    ),
    (
        "signature.malformed",
        "gpg passes over text around the armor, a missing end, and another name in it.",
    ),
    (
        "signature.not-yet-valid",
        "gpg takes a signature that is dated in the future.",
    ),
    (
        "signature.old-version",
        "gpg 2.2 takes signatures of version 3.",
    ),
    (
        "signature.weak-binding",
        "gpg 2.2 takes a subkey or user ID that is bound over SHA-1 where it knows no better one.",
    ),
    (
        "signature.weak-digest",
        "gpg 2.2 takes SHA-1 and SHA-224; it refuses MD5, as we do.",
    ),
    (
        "signature.weak-key",
        "gpg 2.2 takes DSA, and RSA of 1024 bits.",
    ),
    (
        "yum.list.identity",
        "dnf does not compare filelists with primary: it joins what has the same digest.",
    ),
    (
        "yum.list.malformed",
        "libsolv reads filelists as far as it goes.",
    ),
    (
        "yum.list.not-in-primary and yum.list.package-missing",
        "dnf does not compare filelists with primary: packages without files are fine for it.",
    ),
    (
        "yum.location-elsewhere",
        "dnf follows xml:base to another server, once it fetches the file at all.",
    ),
    (
        "yum.open-checksum-mismatch",
        "librepo compares files as they are stored, and nobody what comes out of them.",
    ),
    (
        "yum.open-size-mismatch",
        "librepo compares files as they are stored, and nobody what comes out of them.",
    ),
    (
        "yum.primary.count",
        "libsolv takes the number of packages for a hint.",
    ),
    (
        "yum.primary.malformed",
        "libsolv's reader takes one of two names, goes without one, and passes over a document \
         type that declares nothing.",
    ),
    (
        "yum.repomd.future",
        "dnf does not look at the dates of metadata files.",
    ),
    (
        "yum.repomd.malformed",
        "librepo's reader takes one of two elements, zero for a date that is none, and passes \
         over document types and processing instructions. Other readers take the other.",
    ),
];

/// Why dnf refuses what we take: the beginning of the case's name, and the reason.
const DNF_REFUSES: &[(&[&str], &str)] = &[
    (
        &["by good-v6", "by good-mldsa"],
        "gpg 2.2 knows neither certificates of version 6 nor post-quantum algorithms.",
    ),
    (
        &[
            "by revoked-soft",
            "by primary-signs-revoked-soft",
            "by subkey-revoked-soft",
        ],
        "The certificate has a revocation that is dated later: gpg counts it at once, we from \
         its date on.",
    ),
];

/// Why the two differ on a case.
fn reason(case: &Case, ours: &Answer) -> Option<&'static str> {
    if ours.accepted {
        let named = |names: &[&str]| names.iter().any(|name| case.name.starts_with(name));
        let known = DNF_REFUSES.iter().find(|(names, _)| named(names));
        return known.map(|(_, why)| *why);
    }
    let known = DNF_TAKES.iter().find(|(codes, _)| *codes == ours.why);
    known.map(|(_, why)| *why)
}

/// The file's text.
pub(super) fn text(cases: &[Case], ours: &[Answer], dnf: &[bool]) -> String {
    let mut text = HEAD.to_owned();
    let all: Vec<_> = cases.iter().zip(ours).zip(dnf).collect();
    text.push_str(
        "| cases | all | both accept | both reject | we reject, it accepts | it rejects, we accept |\n\
         |---|---|---|---|---|---|\n",
    );
    let mut row = |name: &str, group: Option<&str>| {
        let of: Vec<_> = all
            .iter()
            .filter(|((case, _), _)| group.is_none_or(|group| case.group == group))
            .map(|((_, ours), dnf)| (ours.accepted, **dnf))
            .collect();
        let count = |wanted| of.iter().filter(|pair| **pair == wanted).count();
        let _ = writeln!(
            text,
            "| {name} | {} | {} | {} | {} | {} |",
            of.len(),
            count((true, true)),
            count((false, false)),
            count((false, true)),
            count((true, false))
        );
    };
    for group in GROUPS {
        row(group, Some(group));
    }
    row("**all**", None);

    differences(&mut text, cases, ours, dnf);

    text.push_str("\n## Every case\n\n| case | we | dnf |\n|---|---|---|\n");
    for ((case, ours), dnf) in all {
        let we = if ours.accepted {
            "accept".to_owned()
        } else {
            format!("reject: {}", ours.why)
        };
        let it = if *dnf { "accepts" } else { "rejects" };
        let _ = writeln!(text, "| {} | {we} | {it} |", case.name);
    }
    text
}

/// Every case where the two differ, below the reason.
fn differences(text: &mut String, cases: &[Case], ours: &[Answer], dnf: &[bool]) {
    let mut below: BTreeMap<(bool, &str, &str), Vec<&str>> = BTreeMap::new();
    let mut unexplained = Vec::new();
    for ((case, ours), dnf) in cases.iter().zip(ours).zip(dnf) {
        if ours.accepted == *dnf {
            continue;
        }
        match reason(case, ours) {
            Some(why) => {
                let key = (ours.accepted, &*ours.why, why);
                below.entry(key).or_default().push(&case.name);
            }
            None => unexplained.push(format!(
                "{}: we {} {}, dnf {}, and nobody says why",
                case.name,
                if ours.accepted { "accept" } else { "reject" },
                ours.why,
                if *dnf { "accepts" } else { "rejects" }
            )),
        }
    }
    for (code, _) in DNF_TAKES {
        if !below.keys().any(|(_, codes, _)| codes == code) {
            unexplained.push(format!("{code}: explained, and no difference"));
        }
    }
    assert!(unexplained.is_empty(), "{}", unexplained.join("\n"));
    for (we_accept, title) in [
        (false, "Where we reject what dnf takes"),
        (true, "Where dnf refuses what we accept"),
    ] {
        let _ = write!(text, "\n## {title}\n");
        for ((accepted, codes, why), names) in &below {
            if *accepted != we_accept {
                continue;
            }
            if !codes.is_empty() {
                let _ = write!(text, "\n### `{codes}`\n");
            }
            let _ = write!(text, "\n{why}\n\n");
            for name in names {
                let _ = writeln!(text, "- {name}");
            }
        }
    }
}

/// What a table says that dnf said.
pub(super) fn said(text: &str, cases: &[Case]) -> Result<Vec<bool>, String> {
    cases
        .iter()
        .map(|case| {
            let start = format!("| {} | ", case.name);
            let row = text.lines().find(|line| line.starts_with(&start));
            row.map(|row| row.ends_with("| accepts |"))
                .ok_or_else(|| case.name.clone())
        })
        .collect()
}
