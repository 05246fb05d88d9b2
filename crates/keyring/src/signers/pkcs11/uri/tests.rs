use std::path::PathBuf;

use super::{ModuleName, Pkcs11Key};

fn parse(text: &str) -> Pkcs11Key {
    let key = Pkcs11Key::parse(text).unwrap();
    assert_eq!(key.to_string(), text);
    key
}

fn refused(text: &str) -> String {
    match Pkcs11Key::parse(text) {
        Ok(key) => panic!("{text} was read as {key:?}"),
        Err(reason) => reason,
    }
}

#[test]
fn everything_a_uri_can_name() {
    let uri = parse(
        "token=Release%20keys;serial=99a3;manufacturer=SoftHSM%20project;model=v2;\
         slot-id=327;object=archive;id=%00%ff;type=private\
         ?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/run/pin",
    );
    assert_eq!(uri.token.as_deref(), Some("Release keys"));
    assert_eq!(uri.serial.as_deref(), Some("99a3"));
    assert_eq!(uri.manufacturer.as_deref(), Some("SoftHSM project"));
    assert_eq!(uri.model.as_deref(), Some("v2"));
    assert_eq!(uri.slot, Some(327));
    assert_eq!(uri.object.as_deref(), Some("archive"));
    assert_eq!(uri.id.as_deref(), Some([0, 0xff].as_slice()));
    assert_eq!(uri.pin_source, Some(PathBuf::from("/run/pin")));
    let module = PathBuf::from("/usr/lib/softhsm/libsofthsm2.so");
    assert_eq!(uri.module, Some(ModuleName::Path(module)));
}

#[test]
fn pin_files_in_three_forms() {
    for source in ["file:/run/pin", "file:///run/pin", "/run/pin"] {
        let uri = parse(&format!("?pin-source={source}"));
        assert_eq!(uri.pin_source, Some(PathBuf::from("/run/pin")), "{source}");
    }
}

#[test]
fn modules_by_name() {
    let uri = parse("?module-name=softhsm2");
    assert_eq!(uri.module, Some(ModuleName::Name("softhsm2".to_owned())));
}

#[test]
fn a_pin_is_neither_kept_nor_shown() {
    for text in [
        "token=a?pin-value=271828",
        "token=a;pin-value=271828?module-name=x",
        "token=a?module-name=x&pin-value=271828&pin-source=/pin",
        "unknown=1?pin-value=27%31828;&271828",
        "token=a?PIN-VALUE=271828",
        "pin-value=271828?pin-value=271828",
    ] {
        let key = Pkcs11Key::parse(text).unwrap();
        assert!(key.shows_pin, "{text}");
        assert!(!format!("{key:?}{key}").contains("1828"), "{key}");
    }
    assert!(!parse("object=pin-value").shows_pin);
}

#[test]
fn what_is_not_understood_is_refused() {
    for (text, reason) in [
        ("", "names no key"),
        ("tokne=a", "tokne is unknown"),
        ("Token=a", "Token is unknown"),
        ("x-vendor=a", "x-vendor is unknown"),
        ("library-version=2", "library-version is unknown"),
        ("?x-vendor=a", "x-vendor is unknown"),
        ("?token=a", "token is unknown"),
        ("token", "no equals sign"),
        ("token=a;", "no equals sign"),
        (";token=a", "no equals sign"),
        ("token=", "token is empty"),
        ("id=", "id is empty"),
        ("token=a;token=a", "token is given twice"),
        ("id=%01;id=%02", "id is given twice"),
        ("token=a b", "write %20"),
        ("token=a\u{e4}", "write %C3"),
        ("token=a%2", "two hexadecimal digits"),
        ("token=a%zz", "two hexadecimal digits"),
        ("token=a%+1", "two hexadecimal digits"),
        ("token=%ff", "token is not UTF-8"),
        ("token=%0a", "control character"),
        ("object=%00", "control character"),
        ("token=a/b", "write %2F"),
        ("token=123456789012345678901234567890123", "32 bytes"),
        ("serial=12345678901234567", "16 bytes"),
        ("slot-id=x", "no number"),
        ("slot-id=+1", "no number"),
        ("slot-id=-1", "no number"),
        ("slot-id=99999999999999999999", "no number"),
        ("type=public", "only a private key signs"),
        ("type=cert", "only a private key signs"),
        ("pin-source=/run/pin", "after a question mark"),
        ("module-path=/m.so", "after a question mark"),
        ("?module-path=m.so", "not absolute"),
        ("?module-name=../m", "write module-path"),
        ("?module-name=a/m", "write module-path"),
        ("?module-name=a&module-path=/m.so", "given twice"),
        ("?pin-source=pin", "no absolute path"),
        ("?pin-source=file:pin", "no absolute path"),
        ("?pin-source=|/bin/pin", "none is run"),
        ("token=a?b?c", "no equals sign"),
    ] {
        let words = refused(text);
        assert!(words.contains(reason), "{text}: {words}");
    }
    let long = format!("object={}", "a".repeat(5000));
    assert!(refused(&long).contains("longer than 4096 bytes"));
}

#[test]
fn no_text_makes_it_panic() {
    let seeds = "token=a%20;id=%00?pin-source=file:/p&module-path=/m\u{e4}\u{1F600}%";
    let letters: Vec<char> = seeds.chars().collect();
    for start in 0..letters.len() {
        for end in start..letters.len() {
            let text: String = letters[start..end].iter().collect();
            let _ = Pkcs11Key::parse(&text);
        }
    }
}
