//! A repository of 1,000 packages: its index made cold and with nothing changed, and the
//! whole of it verified, beside apt-ftparchive, reprepro, aptly, debmirror and plain
//! digests.

mod index;
mod pool;
mod verify;

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Lab;
use crate::keys::Key;
use crate::measure::Cost;

/// What every part works with.
struct Bench<'a> {
    lab: &'a Lab,
    key: &'a Key,
    pool: pool::Pool,
}

/// What one program took for a piece of work; pkgseal's comes first of each.
pub(crate) struct Line {
    pub(crate) work: &'static str,
    program: String,
    cost: Cost,
}

impl Line {
    pub(crate) fn new(work: &'static str, program: impl Into<String>, cost: Cost) -> Self {
        Self {
            work,
            program: program.into(),
            cost,
        }
    }
}

/// Measures everything and writes the table.
pub(crate) fn table(lab: &Lab) -> io::Result<String> {
    let key = lab.keys.all.iter().find(|key| key.name == "Ed25519");
    let bench = Bench {
        lab,
        key: key.ok_or_else(|| io::Error::other("no Ed25519 key"))?,
        pool: pool::prepare(&lab.scratch.join("pool"))?,
    };
    let mut lines = index::lines(&bench)?;
    lines.extend(verify::lines(&bench)?);
    let head = format!(
        "{} packages, {} MB; Ed25519. Load before: {}.",
        bench.pool.debs.len(),
        bench.pool.bytes / 1_000_000,
        crate::machine::load(),
    );
    Ok(markdown(&head, &lines))
}

impl Bench<'_> {
    /// A fresh folder of the scratch place, with nothing in it.
    fn fresh(&self, name: &str) -> io::Result<PathBuf> {
        let folder = self.lab.scratch.join(name);
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// A fresh repository that has its pool and nothing else. Links, not copies: nobody
    /// writes into a package here.
    fn fresh_pool(&self, name: &str) -> io::Result<PathBuf> {
        let root = self.fresh(name)?;
        let main = root.join("pool/main");
        std::fs::create_dir_all(&main)?;
        for deb in &self.pool.debs {
            if let Some(name) = deb.file_name() {
                std::fs::hard_link(deb, main.join(name))?;
            }
        }
        Ok(root)
    }

    /// A script in `folder`; its `$KEY` signs, with the GnuPG home of the benchmark.
    fn script(&self, folder: &Path, script: &str) -> Command {
        let mut sh = Command::new("sh");
        sh.args(["-e", "-c", script])
            .current_dir(folder)
            .env("GNUPGHOME", self.lab.keys.home())
            .env("HOME", folder)
            .env("LC_ALL", "C.UTF-8")
            .env("KEY", &self.key.fingerprint);
        sh
    }
}

/// Writes lines below a head, ours first of each kind of work.
pub(crate) fn markdown(head: &str, lines: &[Line]) -> String {
    let mut text = format!(
        "{head}\n\n\
         | work | program | time | × pkgseal | CPU | × pkgseal | peak memory |\n\
         |---|---|--:|--:|--:|--:|--:|\n"
    );
    let mut ours = None;
    for line in lines {
        let cost = line.cost;
        if line.program.starts_with("pkgseal") {
            ours = Some(cost);
        }
        let ours = ours.unwrap_or(cost);
        let peak = cost
            .peak
            .map_or_else(|| "?".to_owned(), |kib| format!("{:.0} MiB", kib / 1024.0));
        let _ = writeln!(
            text,
            "| {} | {} | {:.3} s | {:.2} | {:.3} s | {:.2} | {peak} |",
            line.work,
            line.program,
            cost.time,
            cost.time / ours.time,
            cost.cpu,
            cost.cpu / ours.cpu,
        );
    }
    text
}
