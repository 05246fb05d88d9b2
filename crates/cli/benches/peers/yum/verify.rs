//! Verifying a whole repository: beside plain digests of the same files, which is what the
//! hardware gives, and beside rpmkeys where packages' own signatures are asked for too.

use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::process::Command;

use pkgseal_testkit::build::Compression;
use pkgseal_testkit::build::rpm::{Format, Rpm};

use super::{Bench, Line, PACKAGES};
use crate::measure::{copy_fresh, cost, installed, listed, run};

const CONTENT: &str = "4 verify every digest";
const SIGNATURES: &str = "5 verify the packages' own signatures";
/// Bytes of a payload: the mean of a small distribution's packages.
const PAYLOAD: usize = 300_000;

pub(super) fn lines(bench: &Bench<'_>) -> io::Result<Vec<Line>> {
    let originals = bench.lab.scratch.join("rpms-large");
    packages(&originals)?;
    let root = bench.lab.scratch.join("yum-verify");
    if root.exists() {
        std::fs::remove_dir_all(&root)?;
    }
    std::fs::create_dir_all(&root)?;
    copy_fresh(&listed(&originals, "rpm")?, &root)?;
    let pkgseal = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pkgseal"));
        command.args(words);
        command
    };
    for work in ["index", "sign"] {
        let mut command = pkgseal(&["yum", work, "--key"]);
        run(command.arg(&bench.key.secret).arg(&root))?;
    }
    let as_it_is = || Ok(());
    let verify = |level: &str| {
        let mut verify = pkgseal(&["yum", "verify", "--level", level, "--keyring"]);
        verify.arg(&bench.key.certificate).arg(&root);
        verify
    };
    let mut lines = vec![Line::new(
        CONTENT,
        "pkgseal yum verify",
        cost(as_it_is, || verify("content"))?,
    )];

    let mut names = String::new();
    for path in listed(&root, "rpm")? {
        let _ = writeln!(names, "{}", path.display());
    }
    let folder = bench.lab.scratch.join("yum-digests");
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("files"), names)?;
    let script = |script: &str| {
        let mut sh = Command::new("sh");
        sh.args(["-e", "-c", script]).current_dir(&folder);
        sh
    };
    run(&mut script("xargs sha256sum < files > SHA256SUMS"))?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let each = PACKAGES.div_ceil(cores * 4);
    for (program, name, text) in [
        (
            "sha256sum",
            format!("sha256sum -c, {cores} at once"),
            format!(
                "rm -f part.*; split -n l/{cores} SHA256SUMS part.
                 ls part.* | xargs -P {cores} -n 1 sha256sum --quiet -c"
            ),
        ),
        (
            "openssl",
            format!("openssl dgst -sha256, {cores} at once"),
            format!("xargs -P {cores} -n {each} openssl dgst -sha256 < files"),
        ),
    ] {
        if installed(program) {
            lines.push(Line::new(CONTENT, name, cost(as_it_is, || script(&text))?));
        }
    }

    lines.push(Line::new(
        SIGNATURES,
        "pkgseal yum verify --level packages",
        cost(as_it_is, || verify("packages"))?,
    ));
    if installed("rpmkeys") {
        let database = bench.lab.scratch.join("yum-rpmdb");
        let rpmkeys = || {
            let mut rpmkeys = Command::new("rpmkeys");
            rpmkeys.arg("--dbpath").arg(&database);
            rpmkeys
        };
        run(rpmkeys().arg("--import").arg(&bench.key.certificate))?;
        let packages = listed(&root, "rpm")?;
        let check = || {
            let mut check = rpmkeys();
            check.arg("-K").args(&packages);
            check
        };
        let name = "rpmkeys -K, packages alone";
        lines.push(Line::new(SIGNATURES, name, cost(as_it_is, check)?));
    }
    Ok(lines)
}

/// Packages with a payload that does not compress, always the same, made once.
fn packages(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    if listed(folder, "rpm")?.len() >= PACKAGES {
        return Ok(());
    }
    eprintln!(
        "building {PACKAGES} large packages into {}",
        folder.display()
    );
    let mut state = 1_u64;
    for number in 0..PACKAGES {
        let mut payload = Vec::with_capacity(PAYLOAD + 8);
        while payload.len() < PAYLOAD {
            // Good enough to look random (xorshift64).
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            payload.extend(state.to_le_bytes());
        }
        let rpm = Rpm::new(&format!("large{number:04}"), "1.0", "noarch", Format::V4)
            .compressed(Compression::None)
            .file("/usr/share/large", &payload);
        std::fs::write(folder.join(rpm.file_name()), rpm.build())?;
    }
    Ok(())
}
