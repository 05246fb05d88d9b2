//! A whole Maven repository signed and verified, beside gpg, gpgv and sqv in a loop and
//! beside plain digests. All take turns.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Lab;
use crate::keys::Key;
use crate::lines::{Line, markdown};
use crate::measure::{as_they_are, in_turns, installed, run};

/// What one program does with the tree.
type Way<'a> = (&'static str, String, Box<dyn Fn() -> Command + 'a>);

/// Measures signing and verifying.
pub(crate) fn table(lab: &Lab) -> io::Result<String> {
    let key = lab.keys.all.iter().find(|key| key.name == "Ed25519");
    let key = key.ok_or_else(|| io::Error::other("no Ed25519 key"))?;
    let Some(source) = source() else {
        return Ok("SKIP: no Maven tree is installed\n".to_owned());
    };
    let bench = Bench {
        lab,
        key,
        source,
        tree: lab.scratch.join("maven"),
    };
    let load = crate::machine::load();
    bench.fresh()?;
    let (files, bytes) = size(&bench.tree)?;
    let mut lines = bench.lines("sign a tree", || bench.fresh(), bench.signing())?;
    bench.fresh()?;
    run(&mut bench.sign())?;
    lines.extend(bench.lines("verify it", as_they_are, bench.verifying())?);
    let head = format!(
        "{files} files of {}, {} MB; Ed25519, in turns. Load before: {load}.",
        bench.source.display(),
        bytes / 1_000_000,
    );
    Ok(markdown(&head, &lines))
}

/// Debian's own Maven tree, or another one.
fn source() -> Option<PathBuf> {
    let named = std::env::var_os("PKGSEAL_MAVEN").map(PathBuf::from);
    let path = named.unwrap_or_else(|| PathBuf::from("/usr/share/maven-repo"));
    path.is_dir().then_some(path)
}

fn size(folder: &Path) -> io::Result<(u64, u64)> {
    let (mut files, mut bytes) = (0, 0);
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        if metadata.is_dir() {
            let (more, larger) = size(&entry.path())?;
            files += more;
            bytes += larger;
        } else {
            files += 1;
            bytes += metadata.len();
        }
    }
    Ok((files, bytes))
}

struct Bench<'a> {
    lab: &'a Lab,
    key: &'a Key,
    source: PathBuf,
    tree: PathBuf,
}

impl Bench<'_> {
    /// The tree unsigned, its links files, on the disk.
    fn fresh(&self) -> io::Result<()> {
        if self.tree.exists() {
            std::fs::remove_dir_all(&self.tree)?;
        }
        run(Command::new("cp")
            .args(["-rL"])
            .arg(&self.source)
            .arg(&self.tree))?;
        run(&mut Command::new("sync"))
    }

    fn lines(
        &self,
        work: &'static str,
        prepare: impl Fn() -> io::Result<()>,
        ways: Vec<Way<'_>>,
    ) -> io::Result<Vec<Line>> {
        let ways: Vec<Way<'_>> = ways
            .into_iter()
            .filter(|(program, ..)| program.starts_with('/') || installed(program))
            .collect();
        let commands: Vec<&dyn Fn() -> Command> =
            ways.iter().map(|(_, _, command)| &**command).collect();
        let costs = in_turns(prepare, &commands)?;
        let lines = ways.iter().zip(costs);
        Ok(lines
            .map(|((_, name, _), cost)| Line::new(work, name.clone(), cost))
            .collect())
    }

    fn sign(&self) -> Command {
        let mut sign = Command::new(env!("CARGO_BIN_EXE_pkgseal"));
        sign.args(["maven", "sign", "--key"])
            .arg(&self.key.secret)
            .arg(&self.tree);
        sign
    }

    /// A script over every file that is no signature; `$f` is one.
    fn each(&self, script: &str) -> Command {
        let mut sh = Command::new("sh");
        let script = format!(
            "find . -type f ! -name '*.asc' | while read -r f; do {script} </dev/null || exit 1; done"
        );
        sh.args(["-e", "-c", &script])
            .current_dir(&self.tree)
            .env("GNUPGHOME", self.lab.keys.home())
            .env("KEY", &self.key.fingerprint)
            .env("RING", &self.key.keyring)
            .env("LC_ALL", "C.UTF-8");
        sh
    }

    fn signing(&self) -> Vec<Way<'_>> {
        let gpg = "gpg --batch --quiet --no-tty --pinentry-mode loopback --passphrase '' \
                   --local-user \"$KEY\" --armor --detach-sign \"$f\"";
        vec![
            (
                env!("CARGO_BIN_EXE_pkgseal"),
                "pkgseal maven sign".to_owned(),
                Box::new(|| self.sign()),
            ),
            (
                "gpg",
                "gpg, each file".to_owned(),
                Box::new(move || self.each(gpg)),
            ),
        ]
    }

    fn verifying(&self) -> Vec<Way<'_>> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let ours = || {
            let mut verify = Command::new(env!("CARGO_BIN_EXE_pkgseal"));
            verify
                .args(["maven", "verify", "--keyring"])
                .arg(&self.key.certificate)
                .arg(&self.tree);
            verify
        };
        let each = |script: &'static str| move || self.each(script);
        let digests = move || {
            let mut sh = Command::new("sh");
            let script = format!(
                "find . -type f ! -name '*.asc' -print0 | xargs -0 -P {cores} -n 44 openssl dgst -sha256"
            );
            sh.args(["-e", "-c", &script]).current_dir(&self.tree);
            sh
        };
        vec![
            (
                env!("CARGO_BIN_EXE_pkgseal"),
                "pkgseal maven verify".to_owned(),
                Box::new(ours),
            ),
            (
                "gpg",
                "gpg, each file".to_owned(),
                Box::new(each(
                    "gpg --batch --quiet --no-tty --verify \"$f.asc\" \"$f\" 2>/dev/null",
                )),
            ),
            (
                "gpgv",
                "gpgv, each file".to_owned(),
                Box::new(each(
                    "gpgv --quiet --keyring \"$RING\" \"$f.asc\" \"$f\" 2>/dev/null",
                )),
            ),
            (
                "sqv",
                "sqv, each file".to_owned(),
                Box::new(each("sqv --keyring \"$RING\" \"$f.asc\" \"$f\" >/dev/null")),
            ),
            (
                "openssl",
                format!("openssl dgst -sha256, {cores} at once"),
                Box::new(digests),
            ),
        ]
    }
}
