//! Secret key files and passphrases.

use std::fs;
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use pkgseal_keyring::{Descriptor, Error, Passphrase, open_signer, read_key_file};
use pkgseal_testkit::keys::{self, PASSPHRASE, SIGNED, time};
use tempfile::TempDir;

fn put(folder: &TempDir, name: &str, bytes: impl AsRef<[u8]>, mode: u32) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    path
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn a_key_file_that_others_may_read_is_refused_with_the_remedy() {
    let folder = folder();
    for mode in [0o644, 0o640, 0o604, 0o660, 0o601, 0o620] {
        let path = put(&folder, "k.asc", keys::load("good").secret(), mode);
        let error = read_key_file(&path).unwrap_err();
        assert!(matches!(error, Error::ReadableByOthers { .. }));
        let message = error.to_string();
        assert!(
            message.contains(&format!("chmod 600 {}", path.display())),
            "{message}"
        );
        assert!(message.contains(&format!("{mode:04o}")), "{message}");
    }
    for mode in [0o600, 0o400] {
        let path = put(
            &folder,
            &format!("{mode}.asc"),
            keys::load("good").secret(),
            mode,
        );
        assert_eq!(*read_key_file(&path).unwrap(), keys::load("good").secret());
    }
}

#[test]
fn a_key_file_that_is_missing_or_huge_is_refused() {
    let folder = folder();
    let missing = read_key_file(&folder.path().join("missing")).unwrap_err();
    assert!(matches!(missing, Error::File(_)), "{missing}");
    let path = put(&folder, "huge", vec![0; (1 << 20) + 1], 0o600);
    let huge = read_key_file(&path).unwrap_err();
    assert!(huge.to_string().contains("larger than its limit"), "{huge}");
    let directory = folder.path().join("directory");
    fs::create_dir(&directory).unwrap();
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o700)).unwrap();
    assert!(read_key_file(&directory).is_err());
}

#[test]
fn a_passphrase_comes_from_a_file_a_descriptor_or_a_credential() {
    let folder = folder();
    let path = put(&folder, "passphrase", format!("{PASSPHRASE}\n"), 0o400);
    let sources = |path: &PathBuf| {
        let file = fs::File::open(path).unwrap();
        let sources = [
            Passphrase::File(path.clone()),
            Passphrase::Fd(Descriptor::new(file.as_raw_fd())),
            Passphrase::Credential {
                directory: folder.path().to_owned(),
                name: "passphrase".to_owned(),
            },
        ];
        (sources, file)
    };
    let (all, _open) = sources(&path);
    for source in all {
        assert_eq!(*source.read().unwrap(), PASSPHRASE.as_bytes(), "{source:?}");
    }
}

#[test]
fn a_descriptor_may_be_a_pipe() {
    use std::io::Write;
    let (reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(b"from a pipe\r\n").unwrap();
    drop(writer);
    let source = Passphrase::Fd(Descriptor::new(reader.as_raw_fd()));
    // A second key is opened with the same words, though the pipe is empty by then.
    for source in [source.clone(), source] {
        assert_eq!(*source.read().unwrap(), b"from a pipe");
        assert!(!format!("{source:?}").contains("pipe"), "{source:?}");
    }
    let again = Passphrase::Fd(Descriptor::new(reader.as_raw_fd()));
    assert!(
        again
            .read()
            .unwrap_err()
            .to_string()
            .contains("it is empty")
    );
}

#[test]
fn a_passphrase_that_is_none_is_refused() {
    let folder = folder();
    for (bytes, reason) in [
        (&b""[..], "it is empty"),
        (b"\n", "it is empty"),
        (b"\r\n", "it is empty"),
        (b"a\nb\n", "several lines"),
        (b"a\n\n", "several lines"),
        (b"a\0b", "NUL"),
        (&[b'a'; 5000], "larger than its limit"),
    ] {
        let path = put(&folder, &format!("{reason}{}", bytes.len()), bytes, 0o600);
        let message = Passphrase::File(path).read().unwrap_err().to_string();
        assert!(message.contains(reason), "{message}");
    }
    let path = put(&folder, "open", "words", 0o644);
    assert!(matches!(
        Passphrase::File(path).read(),
        Err(Error::ReadableByOthers { .. })
    ));
    assert!(Passphrase::Fd(Descriptor::new(987)).read().is_err());
    for name in ["", ".", "..", "../passphrase", "a/b", "/etc/passwd"] {
        let source = Passphrase::Credential {
            directory: folder.path().to_owned(),
            name: name.to_owned(),
        };
        let message = source.read().unwrap_err().to_string();
        assert!(message.contains("plain file name"), "{message}");
    }
}

#[test]
fn a_signer_opens_with_what_it_needs() {
    let folder = folder();
    let open = put(&folder, "open.asc", keys::load("good").secret(), 0o600);
    let protected = put(
        &folder,
        "protected.asc",
        keys::load("protected").secret(),
        0o600,
    );
    let right = Passphrase::File(put(&folder, "right", PASSPHRASE, 0o600));
    let wrong = Passphrase::File(put(&folder, "wrong", "wrong", 0o600));
    let missing = Passphrase::File(folder.path().join("missing"));
    let now = time(SIGNED);

    // An unprotected key asks for nothing, so a missing file does not matter.
    assert!(open_signer(&open, None, now).is_ok());
    assert!(open_signer(&open, Some(&missing), now).is_ok());
    assert!(open_signer(&protected, Some(&right), now).is_ok());

    for (passphrase, reason) in [
        (None, "protected and no passphrase is given"),
        (Some(&wrong), "the passphrase is wrong"),
        (Some(&missing), "missing"),
    ] {
        let message = open_signer(&protected, passphrase, now)
            .unwrap_err()
            .to_string();
        assert!(message.contains(reason), "{message}");
        assert!(!message.contains(PASSPHRASE), "{message}");
    }
}

/// After a key was opened and has signed, its passphrase stands nowhere in the process's
/// memory.
#[test]
fn a_passphrase_is_wiped_from_memory() {
    use pkgseal_keyring::{Algorithm, GenerateRequest, generate};
    use pkgseal_openpgp::{Armor, Signer};
    use zeroize::Zeroizing;

    let folder = folder();
    // Kept masked, so that the search does not find itself.
    let masked: Vec<u8> = (0..24_u8).map(|i| (b'a' + i) ^ 0x5a).collect();
    let unmasked = || Zeroizing::new(masked.iter().map(|byte| byte ^ 0x5a).collect::<Vec<_>>());
    let now = time(SIGNED);
    let request = GenerateRequest {
        passphrase: Some(unmasked()),
        ..GenerateRequest::new("TEST", Algorithm::Ed25519)
    };
    let generated = generate(&request, now).unwrap();
    drop(request);
    let key = put(&folder, "key.asc", &*generated.secret_key, 0o600);
    let words = put(&folder, "words", &*unmasked(), 0o600);

    let signer = open_signer(&key, Some(&Passphrase::File(words)), now).unwrap();
    for _ in 0..100 {
        Signer::detached(std::slice::from_ref(&signer), b"data", Armor::Binary, now).unwrap();
    }
    let wrong = Passphrase::Fd(Descriptor::new(987));
    assert!(open_signer(&key, Some(&wrong), now).is_err());

    let witness = Zeroizing::new(unmasked().to_vec());
    assert!(in_memory(&masked) > 0, "the search finds what is there");
    drop(witness);
    assert_eq!(in_memory(&masked), 0);
}

/// How often the unmasked bytes stand in this process's writable memory.
fn in_memory(masked: &[u8]) -> usize {
    use std::os::unix::fs::FileExt;
    use zeroize::Zeroize;
    const CHUNK: usize = 1 << 20;
    let memory = fs::File::open("/proc/self/mem").unwrap();
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    // Wiped after each use, so that the search leaves no copies to be found.
    let mut chunk = vec![0; CHUNK + masked.len() - 1];
    let mut count = 0;
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let (range, _) = line.split_once(' ').unwrap();
        let (start, end) = range.split_once('-').unwrap();
        let address = |text| u64::from_str_radix(text, 16).unwrap();
        for at in (address(start)..address(end)).step_by(CHUNK) {
            // What another thread unmaps meanwhile cannot be read, and does not matter.
            let read = memory.read_at(&mut chunk, at).unwrap_or(0);
            count += chunk
                .get(..read)
                .unwrap_or_default()
                .windows(masked.len())
                .filter(|window| window.iter().zip(masked).all(|(a, b)| a ^ 0x5a == *b))
                .count();
            chunk.as_mut_slice().zeroize();
        }
    }
    count
}
