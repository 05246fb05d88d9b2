//! A repository of 1,000 small packages: its metadata made cold and with nothing changed
//! beside createrepo_c, and the whole of it signed and published beside rpmsign,
//! createrepo_c and gpg. Then one of 1,000 larger packages, verified.

mod verify;

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use pkgseal_testkit::build::rpm::{Format, Rpm};

use crate::Lab;
use crate::keys::Key;
use crate::lines::{Line, markdown};
use crate::measure::{copy_fresh, cost, installed, listed, run};

const PACKAGES: usize = 1000;

const COLD: &str = "1 index, cold";
const UNCHANGED: &str = "2 index, nothing changed";
const WHOLE: &str = "3 sign and publish all of it";

/// Measures everything and writes the table.
pub(crate) fn table(lab: &Lab) -> io::Result<String> {
    let packages = packages(&lab.scratch.join("rpms"))?;
    let bytes: u64 = packages
        .iter()
        .map(|path| Ok(path.metadata()?.len()))
        .sum::<io::Result<u64>>()?;
    let key = lab.keys.all.iter().find(|key| key.name == "Ed25519");
    let bench = Bench {
        lab,
        key: key.ok_or_else(|| io::Error::other("no Ed25519 key"))?,
        packages,
    };
    let mut lines = bench.pkgseal()?;
    if installed("createrepo_c") {
        lines.extend(bench.createrepo_c()?);
    }
    lines.extend(verify::lines(&bench)?);
    // The sort keeps the order within a kind: ours first.
    lines.sort_by_key(|line| line.work);
    let head = format!(
        "{PACKAGES} .rpm packages, {} MB; Ed25519. Load before: {}.",
        bytes / 1_000_000,
        crate::machine::load()
    );
    Ok(markdown(&head, &lines))
}

/// Small packages, always the same, made once.
pub(crate) fn packages(folder: &Path) -> io::Result<Vec<PathBuf>> {
    std::fs::create_dir_all(folder)?;
    if listed(folder, "rpm")?.len() < PACKAGES {
        eprintln!("building {PACKAGES} packages into {}", folder.display());
        for number in 0..PACKAGES {
            let name = format!("package{number:04}");
            let mut rpm = Rpm::new(&name, "1.0", "noarch", Format::V4);
            for file in 0..number % 40 {
                let content = format!("{name} {file}\n").repeat(20);
                rpm = rpm.file(&format!("/usr/share/{name}/{file}"), content.as_bytes());
            }
            std::fs::write(folder.join(rpm.file_name()), rpm.build())?;
        }
    }
    listed(folder, "rpm")
}

struct Bench<'a> {
    lab: &'a Lab,
    key: &'a Key,
    packages: Vec<PathBuf>,
}

impl Bench<'_> {
    /// A fresh repository of copies: here packages are written to.
    fn fresh(&self, name: &str) -> io::Result<PathBuf> {
        let root = self.lab.scratch.join(name);
        if root.exists() {
            std::fs::remove_dir_all(&root)?;
        }
        std::fs::create_dir_all(&root)?;
        copy_fresh(&self.packages, &root)?;
        Ok(root)
    }

    fn pkgseal(&self) -> io::Result<Vec<Line>> {
        let name = "yum-pkgseal";
        let root = self.fresh(name)?;
        let command = |work: &str| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_pkgseal"));
            command
                .args(["yum", work, "--key"])
                .arg(&self.key.secret)
                .arg(&root);
            command
        };
        let cold = cost(|| self.fresh(name).map(drop), || command("index"))?;
        // Packages that appeared a moment ago are read again: they might still be written to.
        std::thread::sleep(Duration::from_secs(3));
        run(&mut command("index"))?;
        let unchanged = cost(|| Ok(()), || command("index"))?;
        let indexed = || {
            self.fresh(name)?;
            run(&mut command("index"))
        };
        let whole = cost(indexed, || command("sign"))?;
        Ok(vec![
            Line::new(COLD, "pkgseal yum index", cold),
            Line::new(UNCHANGED, "pkgseal yum index", unchanged),
            Line::new(WHOLE, "pkgseal yum sign", whole),
        ])
    }

    fn createrepo_c(&self) -> io::Result<Vec<Line>> {
        let name = "yum-createrepo";
        let root = self.fresh(name)?;
        let command = |options: &[&str]| {
            let mut command = Command::new("createrepo_c");
            command
                .args(["--quiet", "--no-database"])
                .args(options)
                .arg(&root);
            command
        };
        let cold = cost(|| self.fresh(name).map(drop), || command(&[]))?;
        run(&mut command(&[]))?;
        let unchanged = cost(|| Ok(()), || command(&["--update"]))?;
        let mut lines = vec![
            Line::new(COLD, "createrepo_c, unsigned", cold),
            Line::new(UNCHANGED, "createrepo_c --update, unsigned", unchanged),
        ];
        if installed("rpmsign") && installed("gpg") {
            let script = "rpmsign --addsign --define \"_gpg_name $KEY\" \
                 --define \"_gpg_path $GNUPGHOME\" --define '__gpg /usr/bin/gpg' ./*.rpm\n\
                 createrepo_c --quiet --no-database .\n\
                 gpg --batch --yes --local-user $KEY --armor --detach-sign repodata/repomd.xml";
            let whole = cost(
                || {
                    self.fresh(name)?;
                    run(&mut command(&[]))
                },
                || {
                    let mut sh = Command::new("sh");
                    sh.args(["-e", "-c", script])
                        .current_dir(&root)
                        .env("GNUPGHOME", self.lab.keys.home())
                        .env("HOME", &root)
                        .env("LC_ALL", "C.UTF-8")
                        .env("KEY", &self.key.fingerprint);
                    sh
                },
            )?;
            lines.push(Line::new(WHOLE, "rpmsign + createrepo_c + gpg", whole));
        }
        Ok(lines)
    }
}
