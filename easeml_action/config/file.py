"""The file behind a configuration: YAML with bounds, in either of its two spellings."""

from typing import Any, NoReturn

import yaml

from easeml_action.config.errors import ConfigInvalid

MAX_BYTES = 64 * 1024
MAX_DEPTH = 8


def read_settings(data: bytes, name: str) -> dict[str, Any]:
    """Return the keys under ``ml:`` and their values.

    ``ml:`` holds a map, or a list of maps of one key each. A key without a value counts as
    absent.

    Parameters
    ----------
    data
        The bytes of the file, at most 64 KiB.
    name
        What errors call the file.

    Raises
    ------
    ConfigInvalid
        The file is empty or no YAML, has repeated keys, aliases or deep nesting, or is of
        another shape.
    """
    example = "Begin with 'ml:' and put the keys under it, such as steps: 32"
    if not data.strip():
        raise ConfigInvalid(name, "the file is empty", example)
    document = _read_yaml(data, name)
    if not isinstance(document, dict):
        raise ConfigInvalid(name, "the file holds no map", example)
    for key in document:
        if key != "ml":
            raise ConfigInvalid(name, f"the key {str(key)[:60]!r} is not under 'ml:'", example)
    ml = document["ml"]
    if isinstance(ml, list):
        ml = _join_items(ml, name)
    if not isinstance(ml, dict):
        raise ConfigInvalid(name, "'ml:' holds no keys", example)
    return {str(key).strip(): value for key, value in ml.items() if value is not None}


def _join_items(items: list[object], name: str) -> dict[object, object]:
    joined: dict[object, object] = {}
    for item in items:
        if not isinstance(item, dict) or len(item) != 1:
            raise ConfigInvalid(
                name, "an item of the list under 'ml:' is not one key", "Write - steps: 32"
            )
        ((key, value),) = item.items()
        if key in joined:
            raise ConfigInvalid(name, f"{key} is there twice", "Take one of them out")
        joined[key] = value
    return joined


def _read_yaml(data: bytes, name: str) -> object:
    if len(data) > MAX_BYTES:
        raise ConfigInvalid(name, f"the file has more than {MAX_BYTES:,} bytes", "Shorten it")
    try:
        return _Loader(data.decode("utf-8-sig")).get_single_data()
    except UnicodeDecodeError:
        raise ConfigInvalid(name, "the file is not UTF-8", "Save it as UTF-8") from None
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f" at line {mark.line + 1}" if mark else ""
        said = getattr(error, "problem", None) or "a character or a value cannot be read"
        raise ConfigInvalid(name, f"no valid YAML{place}: {said}", "Correct it") from None


class _Loader(yaml.SafeLoader):
    """The safe loader without what a configuration has no use for: aliases, depth, repeats."""

    _depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent):
            self._refuse("an alias is not read", event)
        if self._depth > MAX_DEPTH:
            self._refuse("it is nested too deeply", event)
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        keys = [key for key, _ in node.value] if isinstance(node, yaml.MappingNode) else []
        seen = set()
        for key in keys:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                self._refuse(f"{key.value[:60]} is there twice", key)
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)

    def _refuse(self, problem: str, at: Any) -> NoReturn:
        raise yaml.MarkedYAMLError(problem=problem, problem_mark=at.start_mark)
