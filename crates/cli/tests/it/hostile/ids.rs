//! Ids: the same one twice, one in many spellings, and the boundary's own.

use serde_json::{Value, json};

use super::client::{Client, call};
use super::rig::World;

#[test]
fn an_id_in_flight_is_not_given_a_second_answer() {
    let world = World::new();
    let mut client = world.open(&[]);
    client.ask("\"a\"", "set", json!({"key": "alpha", "value": "1", "mode": "hold"}));
    client.arrived("alpha");
    let again = |client: &mut Client, frame: &str| {
        client.send(frame);
        let message = client.error_to_nobody();
        assert!(message.contains("already in flight") && message.contains("not passed on"), "{message}");
    };
    again(&mut client, &call("\"a\"", "set", &json!({"key": "beta", "value": "2"})));
    again(&mut client, &call("\"\\u0061\"", "set", &json!({"key": "beta", "value": "2"})));
    again(&mut client, &call("\"a\"", "get", &json!({"key": "beta"})));
    again(&mut client, r#"{"jsonrpc":"2.0","id":"a","method":"ping"}"#);
    // A read in flight keeps its id as well, and a number is that number however it is written.
    client.ask("7", "get", json!({"key": "alpha", "mode": "hold"}));
    client.arrived("alpha");
    again(&mut client, &call("7", "set", &json!({"key": "beta", "value": "2"})));
    again(&mut client, r#"{"jsonrpc":"2.0","id":7.0,"method":"ping"}"#);
    again(&mut client, r#"{"jsonrpc":"2.0","id":0.7e1,"method":"ping"}"#);
    client.send(r#"{"jsonrpc":"2.0","method":"notifications/go"}"#);
    world.ran(&client.answer("a"), "succeeded", "answer");
    client.answer(7);
    // Once answered, the id is free again.
    world.ran(&client.set("a", "beta", "3"), "succeeded", "answer");
    client.end_quietly();
    world.check();
    assert_eq!(world.effects().len(), 2);
}

/// Servers write numbers as they like: many hold them as doubles. Whoever does or does not, the answer is recognized;
/// else an outcome would pass by the record.
#[test]
fn an_answer_is_recognized_however_the_server_spells_its_id() {
    let world = World::new();
    let mut client = world.open(&[]);
    let ids = [
        "1.5",
        "1.0",
        "2e1",
        "-0",
        "-7",
        "1e-3",
        "9007199254740993",
        "12345678901234567890",
        "-98765432109876543210",
    ];
    for id in ids {
        client.send(&call(id, "set", &json!({"key": "alpha", "value": id})));
        let answer = client.wait_for("an answer", |frame| frame.get("result").is_some());
        assert_eq!(answer["id"].as_f64(), id.parse().ok());
        world.ran(&answer, "succeeded", "answer");
    }
    for (id, back) in [(r#""""#, ""), (r#""\u00e9\n\"""#, "é\n\""), (r#""null""#, "null")] {
        client.send(&call(id, "set", &json!({"key": "alpha", "value": back})));
        world.ran(&client.answer(back), "succeeded", "answer");
    }
    assert_eq!(world.effects().len(), 12);
    // What has no double at all would come back as nothing.
    client.send(&call("1e400", "set", &json!({"key": "alpha", "value": "1"})));
    let refused = String::from_utf8(client.next_bytes()).unwrap();
    assert!(refused.contains(r#""id":1e400,"error""#) && refused.contains("`id` has a type"), "{refused}");
    client.end_quietly();
    world.check();
    assert_eq!(world.effects().len(), 12);
}

#[test]
fn a_client_cannot_speak_as_the_boundary() {
    let world = World::new();
    let mut client = world.open(&[]);
    client.get("read", "alpha");
    client.set("write", "alpha", "1");
    let seen = world.seen();
    let own = seen.iter().find_map(|line| {
        let id = serde_json::from_str::<Value>(line).unwrap()["id"].clone();
        id.as_str().filter(|id| id.starts_with("lastlook-")).map(str::to_owned)
    });
    let own = own.unwrap();
    let (prefix, _) = own.rsplit_once('-').unwrap();
    for id in [own.clone(), format!("{prefix}-99"), format!("\\u006c{}-99", &prefix[1..])] {
        client.send(&call(&format!("\"{id}\""), "set", &json!({"key": "beta", "value": "2"})));
        let message = client.error_to_nobody();
        assert!(message.contains("the boundary's own"), "{message}");
        client.send(&format!(
            r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":"{id}"}}}}"#
        ));
    }
    client.settle("after");
    assert!(
        !world.seen().iter().any(|line| line.contains("notifications/cancelled")),
        "its calls are its own to cancel"
    );
    client.end_quietly();
    world.check();
    assert_eq!(world.effects().len(), 1);
}
