//! Times pkgseal beside the programs it replaces, in one run on one machine.
//!
//! `cargo bench -p pkgseal --bench peers [-- TABLE…]` prints Markdown: medians of three runs
//! over real packages, warm cache, and how many times faster pkgseal is. A peer that is not
//! installed leaves its rows out. Needs Debian's `apt-get download` and `rpmbuild` once, to
//! make the corpus under the target folder.
#![expect(clippy::print_stdout, reason = "the tables are the result")]
#![expect(clippy::print_stderr, reason = "progress, beside the result")]

mod corpus;
mod debs;
mod files;
mod inrelease;
mod keys;
mod machine;
mod measure;
mod rpms;
mod table;

use std::io;
use std::process::ExitCode;

type Benchmark = fn(&corpus::Corpus, &keys::Keys) -> io::Result<Vec<table::Row>>;

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
    let corpus = corpus::Corpus::prepare()?;
    let keys = keys::Keys::generate()?;
    let mut rows = Vec::new();
    for (name, benchmark) in TABLES {
        if wanted.is_empty() || wanted.iter().any(|want| want == name) {
            eprintln!("measuring {name}");
            rows.extend(benchmark(&corpus, &keys)?);
        }
    }
    Ok(format!(
        "{}\n{}",
        machine::describe(&corpus),
        table::markdown(&rows)
    ))
}
