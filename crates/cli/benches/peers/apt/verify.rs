//! Verifying all of it, from the signature to the last byte of the pool.

use std::fmt::Write as _;
use std::io;
use std::process::Command;

use crate::measure::{cost, installed, run};

use super::{Bench, index};
use crate::lines::Line;

const WORK: &str = "verify everything";

pub(super) fn lines(bench: &Bench<'_>) -> io::Result<Vec<Line>> {
    let root = bench.fresh_pool("pkgseal")?;
    run(&mut index::command(bench, &root))?;
    let as_it_is = || Ok(());
    let mut lines = vec![Line::new(
        WORK,
        "pkgseal verify",
        cost(as_it_is, || {
            let mut verify = bench.key.verify();
            verify.arg(&root);
            verify
        })?,
    )];

    // The same packages for plain digests: what the hardware gives.
    let mut sums = String::new();
    for deb in peer_paths(bench) {
        let _ = writeln!(sums, "{deb}");
    }
    let folder = bench.fresh("digests")?;
    std::fs::write(folder.join("files"), sums)?;
    run(&mut bench.script(&folder, "xargs sha256sum < files > SHA256SUMS"))?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let each = bench.pool.debs.len().div_ceil(cores * 4);
    for (name, program, script) in [
        (
            "sha256sum -c".to_owned(),
            "sha256sum",
            "sha256sum --quiet -c SHA256SUMS".to_owned(),
        ),
        (
            format!("sha256sum -c, {cores} at once"),
            "sha256sum",
            format!(
                "split -n l/{cores} SHA256SUMS part.
                 ls part.* | xargs -P {cores} -n 1 sha256sum --quiet -c"
            ),
        ),
        (
            "openssl dgst -sha256".to_owned(),
            "openssl",
            "xargs openssl dgst -sha256 < files".to_owned(),
        ),
        (
            format!("openssl dgst -sha256, {cores} at once"),
            "openssl",
            format!("xargs -P {cores} -n {each} openssl dgst -sha256 < files"),
        ),
    ] {
        if installed(program) {
            let cost = cost(as_it_is, || bench.script(&folder, &script))?;
            lines.push(Line::new(WORK, name, cost));
        }
    }

    if installed("debmirror") {
        let copy = bench.fresh("debmirror")?;
        let mirror = || {
            let mut debmirror = Command::new("debmirror");
            debmirror
                .args(["--method=file", "--host=localhost", "--dist=stable"])
                .arg(format!("--root={}", root.display()))
                .args([
                    "--section=main",
                    "--arch=amd64",
                    "--nosource",
                    "--diff=none",
                ])
                .args(["--rsync-extra=none", "--check-gpg", "--checksums"])
                .args(["--omit-suite-symlinks", "--keyring"])
                .arg(&bench.key.keyring)
                .arg(&copy)
                .env("HOME", bench.lab.keys.home())
                .env("GNUPGHOME", bench.lab.keys.home());
            debmirror
        };
        run(&mut mirror())?;
        let name = "debmirror --check-gpg --checksums, again";
        lines.push(Line::new(WORK, name, cost(as_it_is, mirror)?));
    }
    if installed("reprepro") {
        let folder = index::reprepro_filled(bench)?;
        let check = cost(as_it_is, || bench.script(&folder, "reprepro checkpool"))?;
        lines.push(Line::new(WORK, "reprepro checkpool", check));
    }
    Ok(lines)
}

fn peer_paths<'a>(bench: &'a Bench<'_>) -> impl Iterator<Item = std::path::Display<'a>> {
    bench.pool.debs.iter().map(|deb| deb.display())
}
