from __future__ import annotations

from jobserver.extract.dedupe import MAX_INSTANCES, one_per_look
from tests.extract.make_nodes import a_found


def test_elements_of_one_look_become_one_group_in_document_order():
    groups = one_per_look([a_found(look="x"), a_found(look="y"), a_found(look="x")], limit=10)
    assert [(group.found.look, group.count) for group in groups] == [("x", 2), ("y", 1)]


def test_the_same_look_in_another_kind_is_another_group():
    groups = one_per_look([a_found(look="x"), a_found(look="x", kind="a")], limit=10)
    assert [group.found.kind for group in groups] == ["button", "a"]


def test_instances_say_text_and_address():
    found = a_found(text="  Sign\n up  ", href="/join")
    (group,) = one_per_look([found], limit=1, base="https://example.com/")
    assert group.instances == [{"text": "Sign up", "href": "https://example.com/join"}]


def test_long_texts_are_cut_and_many_instances_are_only_counted():
    (group,) = one_per_look([a_found(look="x", text="word " * 50)] * 30, limit=1)
    assert group.count == 30
    assert len(group.instances) == MAX_INSTANCES
    assert len(group.instances[0]["text"]) <= 80
    assert group.instances[0]["text"].endswith("…")


def test_an_address_that_could_run_is_not_told():
    (group,) = one_per_look([a_found(text="x", href="javascript:alert(1)")], limit=1)
    assert group.instances == [{"text": "x"}]


def test_what_was_typed_into_a_password_field_is_not_told():
    (group,) = one_per_look([a_found('<input type="password">', "input", text="s3cret")], limit=1)
    assert group.instances == [{"text": ""}]


def test_looks_beyond_the_limit_are_counted_and_kept_ones_are_counted_to_the_end():
    looks = one_per_look([a_found(look=look) for look in "abcdab"], limit=2)
    assert [(group.found.look, group.count) for group in looks] == [("a", 2), ("b", 2)]
    assert looks.left_out == 2
