//! The whole road: a key is made, the sample repositories are signed with it and verified,
//! and one changed byte is found.

use std::fs;
use std::path::{Path, PathBuf};

use crate::run::{Run, find, pkgseal, repository};

const SIGNED: &str = "2025-06-15";
const VERIFIED: &str = "2025-06-16";

struct Workshop {
    directory: tempfile::TempDir,
}

impl Workshop {
    fn new() -> Self {
        let workshop = Self {
            directory: tempfile::tempdir().unwrap(),
        };
        pkgseal([
            "key",
            "generate",
            "--user-id",
            "TEST road <road@test.invalid>",
        ])
        .args(["--time", "2025-06-01", "--output"])
        .arg(workshop.path("keys"))
        .run()
        .expect(0);
        workshop
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn key_file(&self, suffix: &str) -> PathBuf {
        fs::read_dir(self.path("keys"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .find(|path| path.to_string_lossy().ends_with(suffix))
            .unwrap()
    }

    fn sign(&self, input: &Path, output: &str) -> Run {
        pkgseal(["sign", "--time", SIGNED, "--key"])
            .arg(self.key_file(".key.asc"))
            .arg("--output")
            .arg(self.path(output))
            .arg(input)
            .run()
    }

    fn verify(&self, path: &Path) -> Run {
        pkgseal(["verify", "--time", VERIFIED, "--keyring"])
            .arg(self.key_file(".cert.asc"))
            .arg(path)
            .run()
    }

    /// Signs a sample tree, verifies it, and finds each listed file changed.
    fn tree(&self, sample: &str, fragile: &str) {
        self.sign(&repository("testdata").join(sample), sample)
            .expect(0);
        let signed = self.path(sample);
        let good = self.verify(&signed).expect(0);
        assert!(good.stdout.starts_with("accepted "), "{}", good.stdout);
        let victim = find(&signed, fragile);
        let original = fs::read(&victim).unwrap();
        let mut changed = original.clone();
        let middle = changed.len() / 2;
        changed[middle] ^= 1;
        fs::write(&victim, &changed).unwrap();
        let bad = self.verify(&signed).expect(1);
        let name = victim.file_name().unwrap().to_string_lossy();
        assert!(bad.stdout.starts_with("rejected "), "{}", bad.stdout);
        assert!(
            bad.stdout.contains(&*name),
            "{} is not named in {}",
            name,
            bad.stdout
        );
        fs::write(&victim, &original).unwrap();
        self.verify(&signed).expect(0);
    }
}

#[test]
fn an_apt_repository() {
    Workshop::new().tree("apt", ".deb");
}

#[test]
fn a_yum_repository() {
    Workshop::new().tree("yum", ".rpm");
}

#[test]
fn a_maven_repository() {
    Workshop::new().tree("maven", ".jar");
}

#[test]
fn a_deb() {
    package(".deb", "apt");
}

#[test]
fn an_rpm() {
    package(".rpm", "yum");
}

fn package(ending: &str, sample: &str) {
    let workshop = Workshop::new();
    let package = find(&repository("testdata").join(sample), ending);
    workshop.verify(&package).expect(1);
    workshop.sign(&package, "packages").expect(0);
    let signed = workshop.path("packages").join(package.file_name().unwrap());
    workshop.verify(&signed).expect(0);
    let mut bytes = fs::read(&signed).unwrap();
    // Inside the last compressed file of it: nothing there is free.
    let inside = bytes.len() - 30;
    bytes[inside] ^= 0x10;
    fs::write(&signed, bytes).unwrap();
    workshop.verify(&signed).expect(1);
}

/// What was signed in place and unsigned again is what it was.
#[test]
fn unsigning_gives_the_package_back() {
    let workshop = Workshop::new();
    for (group, ending, sample) in [("deb", ".deb", "apt"), ("rpm", ".rpm", "yum")] {
        let package = find(&repository("testdata").join(sample), ending);
        let unsigned = fs::read(&package).unwrap();
        workshop.sign(&package, "packages").expect(0);
        let signed = workshop.path("packages").join(package.file_name().unwrap());
        assert!(fs::read(&signed).unwrap() != unsigned, "{group}");
        let run = pkgseal([group, "unsign"]).arg(&signed).run().expect(0);
        assert!(run.stdout.starts_with("unsigned "), "{}", run.stdout);
        assert!(fs::read(&signed).unwrap() == unsigned, "{group}");
        let run = pkgseal([group, "unsign"]).arg(&signed).run().expect(2);
        assert!(run.stderr.starts_with("pkgseal: error: "), "{}", run.stderr);
    }
}

#[test]
fn any_file() {
    let workshop = Workshop::new();
    let file = workshop.path("notes.txt");
    fs::write(&file, "who shipped this?\n").unwrap();
    workshop.verify(&file).expect(1);
    pkgseal(["sign", "--time", SIGNED, "--key"])
        .arg(workshop.key_file(".key.asc"))
        .arg(&file)
        .run()
        .expect(0);
    workshop.verify(&file).expect(0);
    fs::write(&file, "who shipped that?\n").unwrap();
    let bad = workshop.verify(&file).expect(1);
    bad.prints("signature.bad");
}

#[test]
fn the_input_stays_as_it_was_with_output() {
    let workshop = Workshop::new();
    let input = workshop.path("input");
    fs::create_dir(&input).unwrap();
    let file = input.join("Release");
    let sample = find(&repository("testdata/apt"), "Release");
    fs::copy(sample, &file).unwrap();
    workshop.sign(&file, "release").expect(0);
    assert_eq!(fs::read_dir(&input).unwrap().count(), 1);
    for name in ["InRelease", "Release.gpg"] {
        assert!(workshop.path("release").join(name).exists(), "{name}");
    }
}

/// The same key, input and time give the same bytes (Ed25519).
#[test]
fn signatures_are_reproducible() {
    let workshop = Workshop::new();
    let release = find(&repository("testdata/apt"), "Release");
    for output in ["one", "two"] {
        workshop.sign(&release, output).expect(0);
    }
    for name in ["InRelease", "Release.gpg"] {
        let [one, two] =
            ["one", "two"].map(|output| fs::read(workshop.path(output).join(name)).unwrap());
        assert_eq!(one, two, "{name}");
    }
}

/// Many files become visible together; one that cannot be signed stops no other.
#[test]
fn many_files_at_once() {
    let workshop = Workshop::new();
    let input = workshop.path("many");
    fs::create_dir(&input).unwrap();
    let rpm = find(&repository("testdata/yum"), ".rpm");
    let mut files = Vec::new();
    for number in 0..150 {
        let file = input.join(format!("{number:03}.rpm"));
        fs::copy(&rpm, &file).unwrap();
        files.push(file);
    }
    let broken = &files[77];
    let mut bytes = fs::read(broken).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(broken, &bytes).unwrap();
    let run = pkgseal(["sign", "--time", SIGNED, "--key"])
        .arg(workshop.key_file(".key.asc"))
        .args(&files)
        .run()
        .expect(2);
    run.complains("077.rpm was not signed");
    assert_eq!(run.stdout.matches("signed ").count(), 149, "{}", run.stdout);
    assert_eq!(fs::read(broken).unwrap(), bytes);
    files.remove(77);
    pkgseal(["verify", "--time", VERIFIED, "--keyring"])
        .arg(workshop.key_file(".cert.asc"))
        .args(&files)
        .run()
        .expect(0);
    assert_eq!(fs::read_dir(&input).unwrap().count(), 150);
}

/// An output directory inside what is signed is refused, and not even made.
#[test]
fn output_inside_the_input_is_refused() {
    let workshop = Workshop::new();
    for sample in ["apt", "yum", "maven"] {
        workshop
            .sign(&repository("testdata").join(sample), sample)
            .expect(0);
        let inside = format!("{sample}/inside");
        let run = workshop.sign(&workshop.path(sample), &inside).expect(2);
        run.complains("lies inside");
        assert!(!workshop.path(&inside).exists(), "{inside} was made");
    }
}
