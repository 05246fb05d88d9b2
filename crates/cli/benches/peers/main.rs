//! Times pkgseal beside the programs it replaces, in one run on one machine.
//!
//! `cargo bench -p pkgseal --bench peers [-- TABLE…]` prints Markdown: medians of three runs
//! over real packages, warm cache, and how many times faster pkgseal is. A peer that is not
//! installed leaves its rows out. Needs Debian's `apt-get download` and `rpmbuild` once, to
//! make the corpus under the target folder; `yum` makes its packages itself, and `apt` too, or
//! takes them from `PKGSEAL_DEBS`; `maven` takes the Maven tree that Debian's Java packages install, or
//! the one that `PKGSEAL_MAVEN` names.
#![expect(clippy::print_stdout, reason = "the tables are the result")]
#![expect(clippy::print_stderr, reason = "progress, beside the result")]

mod apt;
mod corpus;
mod debs;
mod files;
mod inrelease;
mod keyring;
mod keys;
mod lines;
mod machine;
mod maven;
mod measure;
mod rpm_sign;
mod rpm_verify;
mod rpms;
mod signers;
mod table;
mod ways;
mod yum;

use std::cell::OnceCell;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What the tables share.
struct Lab {
    /// Throw-away keys.
    keys: keys::Keys,
    /// Where a benchmark may write.
    scratch: PathBuf,
    corpus: OnceCell<corpus::Corpus>,
}

impl Lab {
    /// The real packages, fetched and built when a table first asks for them.
    fn corpus(&self) -> io::Result<&corpus::Corpus> {
        if self.corpus.get().is_none() {
            let _ = self.corpus.set(corpus::Corpus::prepare()?);
        }
        self.corpus
            .get()
            .ok_or_else(|| io::Error::other("no packages"))
    }
}

type Benchmark = fn(&Lab) -> io::Result<Vec<table::Row>>;

/// Signing and verifying single files.
const TABLES: &[(&str, Benchmark)] = &[
    ("debs", debs::rows),
    ("rpms", rpms::rows),
    ("files", files::rows),
    ("inrelease", inrelease::rows),
];

fn main() -> ExitCode {
    match tables() {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("peers: {error}");
            ExitCode::FAILURE
        }
    }
}

fn tables() -> io::Result<String> {
    // Cargo adds its own flags; what is left names tables.
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|want| want == name);
    let lab = Lab {
        keys: keys::Keys::generate()?,
        scratch: top().join("scratch"),
        corpus: OnceCell::new(),
    };
    std::fs::create_dir_all(&lab.scratch)?;
    let mut rows = Vec::new();
    for (name, benchmark) in TABLES {
        if is_wanted(name) {
            eprintln!("measuring {name}");
            rows.extend(benchmark(&lab)?);
        }
    }
    let mut text = machine::describe(lab.corpus.get());
    if !rows.is_empty() {
        text.push('\n');
        text.push_str(&table::markdown(&rows));
    }
    if is_wanted("maven") {
        eprintln!("measuring maven");
        text.push('\n');
        text.push_str(&maven::table(&lab)?);
    }
    if is_wanted("rpm-verify") {
        eprintln!("measuring rpm-verify");
        text.push('\n');
        text.push_str(&rpm_verify::table(&lab)?);
    }
    if is_wanted("apt") {
        eprintln!("measuring apt");
        text.push('\n');
        text.push_str(&apt::table(&lab)?);
    }
    if is_wanted("rpm-sign") {
        eprintln!("measuring rpm-sign");
        text.push('\n');
        text.push_str(&rpm_sign::table(&lab)?);
    }
    if is_wanted("signers") {
        eprintln!("measuring signers");
        text.push('\n');
        text.push_str(&signers::table(&lab)?);
    }
    if is_wanted("keyring") {
        eprintln!("measuring keyring");
        text.push('\n');
        text.push_str(&keyring::table(&lab)?);
    }
    if is_wanted("yum") {
        eprintln!("measuring yum");
        text.push('\n');
        text.push_str(&yum::table(&lab)?);
    }
    Ok(text)
}

/// Where packages and work files are kept between runs.
fn top() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("peers")
}
