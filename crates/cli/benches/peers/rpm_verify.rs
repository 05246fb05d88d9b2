//! Packages verified beside rpmkeys: 1,000 small ones, and one of 700 MB.

use std::fmt::Write as _;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use pkgseal_repo::{DigestAlgorithm, Digests, MultiHasher};
use pkgseal_testkit::build::rpm::{Format, Parts, Rpm, Tag, tag};
use pkgseal_testkit::keys::{self, RawOptions, TestKey, raw_sign};

use crate::Lab;
use crate::measure::{Cost, as_they_are, cost, installed, run};

const SMALL: usize = 1_000;
const LARGE: u64 = 700_000_000;

/// The day that pkgseal calls today.
const NOW: &str = "2025-09-01";

/// Measures everything and writes the table.
pub(crate) fn table(lab: &Lab) -> io::Result<String> {
    let key = keys::load("good-rsa2048");
    let folder = lab.scratch.join("rpm-verify");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    let small = small(&folder, &key)?;
    let large = vec![large(&folder, &key)?];
    let database = database(&folder, &key)?;

    let mut text = format!(
        "{SMALL} small packages and one of {} MB (a hole in the file), RSA-2048. Load before: {}.\n\n\
         | work | program | time | × pkgseal | CPU | × pkgseal | peak memory |\n\
         |---|---|--:|--:|--:|--:|--:|\n",
        LARGE / 1_000_000,
        crate::machine::load(),
    );
    for (work, files) in [("1,000 small", &small), ("one of 700 MB", &large)] {
        let mut ours = None;
        for (program, options) in [
            ("pkgseal, all cores", &[][..]),
            ("pkgseal, --jobs 1", &["--jobs", "1"]),
            (
                "pkgseal, --rpmkeys, --jobs 1",
                &["--rpmkeys", "-K", "--jobs", "1"],
            ),
        ] {
            let cost = cost(as_they_are, || pkgseal(&key, options, files))?;
            line(&mut text, work, program, cost, *ours.get_or_insert(cost));
        }
        if let Some(database) = &database {
            let cost = cost(as_they_are, || rpmkeys(database, files))?;
            line(&mut text, work, "rpmkeys -K", cost, ours.unwrap_or(cost));
        }
    }
    Ok(text)
}

fn line(text: &mut String, work: &str, program: &str, cost: Cost, ours: Cost) {
    let peak = cost
        .peak
        .map_or_else(|| "?".to_owned(), |kib| format!("{:.0} MiB", kib / 1024.0));
    let _ = writeln!(
        text,
        "| {work} | {program} | {:.3} s | {:.2} | {:.3} s | {:.2} | {peak} |",
        cost.time,
        cost.time / ours.time,
        cost.cpu,
        cost.cpu / ours.cpu,
    );
}

fn pkgseal(key: &TestKey, options: &[&str], files: &[PathBuf]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pkgseal"));
    command
        .args(["rpm", "verify", "--time", NOW, "--keyring"])
        .arg(key.certificate_path())
        .args(options)
        .args(files);
    command
}

fn rpmkeys(database: &Path, files: &[PathBuf]) -> Command {
    let mut command = Command::new("rpmkeys");
    command.arg("--dbpath").arg(database).arg("-K").args(files);
    command
}

fn database(folder: &Path, key: &TestKey) -> io::Result<Option<PathBuf>> {
    if !installed("rpmkeys") {
        return Ok(None);
    }
    let database = folder.join("db");
    run(Command::new("rpmkeys")
        .arg("--dbpath")
        .arg(&database)
        .arg("--import")
        .arg(key.certificate_path()))?;
    Ok(Some(database))
}

fn signed(parts: Parts, key: &TestKey) -> Vec<u8> {
    let options = RawOptions::at(keys::SIGNED).binary();
    let packet = raw_sign(key, &parts.header, &options);
    parts.with(Tag::binary(tag::RSA, &packet)).build()
}

fn digest(digests: &Digests, algorithm: DigestAlgorithm) -> io::Result<String> {
    let hex = digests.hex(algorithm);
    hex.ok_or_else(|| io::Error::other("no digest"))
}

fn small(folder: &Path, key: &TestKey) -> io::Result<Vec<PathBuf>> {
    (0..SMALL)
        .map(|number| {
            let name = format!("small{number}");
            let rpm = Rpm::new(&name, "1.0", "noarch", Format::V4);
            let path = folder.join(rpm.file_name());
            std::fs::write(&path, signed(Parts::read(&rpm.build()), key))?;
            Ok(path)
        })
        .collect()
}

/// A package whose payload is a hole: its SHA-256 stands in the signed header, its MD5 in
/// the signature header, as rpmbuild does it.
fn large(folder: &Path, key: &TestKey) -> io::Result<PathBuf> {
    let rpm = Rpm::new("large", "1.0", "noarch", Format::V4);
    let mut parts = Parts::read(&rpm.build());
    let zeros = vec![0; 1_000_000];
    let fill = |hasher: &mut MultiHasher| {
        (0..LARGE / 1_000_000).for_each(|_| hasher.update(&zeros));
    };
    let sha256 = |bytes: &[u8]| {
        let mut hasher = MultiHasher::new([DigestAlgorithm::Sha256]);
        hasher.update(bytes);
        digest(&hasher.finish(), DigestAlgorithm::Sha256)
    };
    let old = sha256(&parts.payload)?;
    let mut payload = MultiHasher::new([DigestAlgorithm::Sha256]);
    fill(&mut payload);
    let new = digest(&payload.finish(), DigestAlgorithm::Sha256)?;
    let text = parts.header.windows(64);
    let at = text.into_iter().position(|window| window == old.as_bytes());
    let at = at.ok_or_else(|| io::Error::other("no payload digest"))?;
    if let Some(place) = parts.header.get_mut(at..at + 64) {
        place.copy_from_slice(new.as_bytes());
    }
    parts.payload.clear();

    let mut whole = MultiHasher::new([DigestAlgorithm::Md5]);
    whole.update(&parts.header);
    fill(&mut whole);
    let whole = whole.finish();
    let md5 = whole.get(DigestAlgorithm::Md5).unwrap_or_default();
    let header = sha256(&parts.header)?;
    let package = signed(
        parts
            .without(tag::SHA1)
            .without(tag::SIZE)
            .with(Tag::string(tag::SHA256, &header))
            .with(Tag::binary(tag::MD5, md5)),
        key,
    );
    let path = folder.join(rpm.file_name());
    let file = std::fs::File::create(&path)?;
    file.write_all_at(&package, 0)?;
    file.set_len(package.len() as u64 + LARGE)?;
    Ok(path)
}
