//! Signing packages beside rpmsign: 1,000 small ones with each key, and one of 700 MB, in
//! place and by a copy.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Lab;
use crate::keys::Key;
use crate::lines::{Line, markdown};
use crate::measure::{copy_fresh, cost, installed, run};

/// Bytes of the file in the large package. It is random, and stays as large.
const LARGE: u64 = 700_000_000;

const SMALL: [(&str, &str); 2] = [
    ("Ed25519", "1 sign 1,000 small, Ed25519"),
    ("RSA-4096", "2 sign 1,000 small, RSA-4096"),
];
const ONE: &str = "3 sign one of 700 MB, RSA-4096";

/// Measures everything and writes the table.
pub(crate) fn table(lab: &Lab) -> io::Result<String> {
    let small = crate::yum::packages(&lab.scratch.join("rpms"))?;
    let load = crate::machine::load();
    let mut lines = Vec::new();
    for (name, work) in SMALL {
        lines.extend(programs(lab, key(lab, name)?, work, &small)?);
    }
    if installed("rpmbuild") {
        let large = [large(&lab.scratch.join("large"))?];
        lines.extend(programs(lab, key(lab, "RSA-4096")?, ONE, &large)?);
    }
    let bytes: u64 = small
        .iter()
        .map(|path| Ok(path.metadata()?.len()))
        .sum::<io::Result<u64>>()?;
    let head = format!(
        "{} packages of {} KB on average, and one of 700 MB. Load before: {load}.",
        small.len(),
        bytes / 1000 / small.len().max(1) as u64,
    );
    Ok(markdown(&head, &lines))
}

fn key<'a>(lab: &'a Lab, name: &str) -> io::Result<&'a Key> {
    let mut keys = lab.keys.all.iter();
    keys.find(|key| key.name == name)
        .ok_or_else(|| io::Error::other(format!("no {name} key")))
}

fn programs(
    lab: &Lab,
    key: &Key,
    work: &'static str,
    packages: &[PathBuf],
) -> io::Result<Vec<Line>> {
    let folder = lab.scratch.join("rpm-sign");
    let files: Vec<PathBuf> = packages
        .iter()
        .filter_map(|path| Some(folder.join(path.file_name()?)))
        .collect();
    let fresh = || copy_fresh(packages, &folder);
    let ours = |how: &'static str, jobs: Option<&'static str>| {
        let files = &files;
        move || {
            let mut sign = Command::new(env!("CARGO_BIN_EXE_pkgseal"));
            sign.args(["rpm", "sign", "--write", how, "--key"])
                .arg(&key.secret);
            jobs.iter().for_each(|jobs| {
                sign.args(["--jobs", jobs]);
            });
            sign.args(files);
            sign
        }
    };
    let mut lines = vec![
        Line::new(work, "pkgseal", cost(fresh, ours("auto", None))?),
        Line::new(
            work,
            "pkgseal --jobs 1",
            cost(fresh, ours("auto", Some("1")))?,
        ),
        Line::new(
            work,
            "pkgseal --write copy",
            cost(fresh, ours("copy", None))?,
        ),
    ];
    if installed("rpmsign") {
        let home = lab.keys.home().display().to_string();
        let rpmsign = || {
            let mut rpmsign = Command::new("rpmsign");
            rpmsign
                .args(["--addsign", "--define"])
                .arg(format!("_gpg_name {}", key.fingerprint))
                .arg("--define")
                .arg(format!("_gpg_path {home}"))
                // Debian's rpm looks for gpg2.
                .args(["--define", "__gpg /usr/bin/gpg"])
                .args(&files);
            rpmsign
        };
        lines.push(Line::new(work, "rpmsign", cost(fresh, rpmsign)?));
    }
    if packages.len() == 1 {
        // The floor: the one digest that binds the payload.
        let read = || {
            let mut digest = Command::new("openssl");
            digest.args(["dgst", "-sha256"]).args(&files);
            digest
        };
        if installed("openssl") {
            lines.push(Line::new(work, "openssl dgst -sha256", cost(fresh, read)?));
        }
    }
    Ok(lines)
}

/// The large package, built once.
fn large(folder: &Path) -> io::Result<PathBuf> {
    let path = folder.join("large.rpm");
    if path.exists() {
        return Ok(path);
    }
    eprintln!("building {}", path.display());
    std::fs::create_dir_all(folder)?;
    let work = tempfile::tempdir_in(folder)?;
    let root = work.path().join("root");
    std::fs::create_dir_all(root.join("opt"))?;
    let mut random = io::Read::take(File::open("/dev/urandom")?, LARGE);
    io::copy(&mut random, &mut File::create(root.join("opt/large"))?)?;
    let spec = work.path().join("large.spec");
    std::fs::write(
        &spec,
        "Name: large\nVersion: 1\nRelease: 1\nSummary: None\nLicense: None\nAutoReqProv: no\n\
         %description\nNone.\n%files\n/opt/large\n",
    )?;
    let mut rpmbuild = Command::new("rpmbuild");
    rpmbuild
        .args(["-bb", "--quiet", "--nodebuginfo", "--buildroot"])
        .arg(&root);
    for (name, value) in [
        ("_topdir", work.path().join("top").display().to_string()),
        ("_rpmdir", folder.display().to_string()),
        ("_rpmfilename", "%%{name}.rpm".to_owned()),
        ("_binary_payload", "w0.gzdio".to_owned()),
        ("__spec_install_pre", "%{nil}".to_owned()),
        ("__spec_install_post", "%{nil}".to_owned()),
    ] {
        rpmbuild.arg("--define").arg(format!("{name} {value}"));
    }
    run(rpmbuild.arg(&spec))?;
    Ok(path)
}
