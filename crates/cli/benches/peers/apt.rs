//! A repository of 1,000 packages: its index made cold and with nothing changed, and the
//! whole of it verified, beside apt-ftparchive, reprepro, aptly, debmirror and plain
//! digests.

mod index;
mod pool;
mod verify;

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Lab;
use crate::keys::Key;
use crate::lines::markdown;

/// What every part works with.
struct Bench<'a> {
    lab: &'a Lab,
    key: &'a Key,
    pool: pool::Pool,
}

/// Measures everything and writes the table.
pub(crate) fn table(lab: &Lab) -> io::Result<String> {
    let key = lab.keys.all.iter().find(|key| key.name == "Ed25519");
    let bench = Bench {
        lab,
        key: key.ok_or_else(|| io::Error::other("no Ed25519 key"))?,
        pool: pool::prepare(&lab.scratch.join("pool"))?,
    };
    let load = crate::machine::load();
    let mut lines = index::lines(&bench)?;
    lines.extend(verify::lines(&bench)?);
    let head = format!(
        "{} packages, {} MB; Ed25519. Load before: {load}.",
        bench.pool.debs.len(),
        bench.pool.bytes / 1_000_000,
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
