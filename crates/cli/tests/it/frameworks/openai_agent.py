"""An agent of the OpenAI Agents SDK, which waits so many seconds for each answer; by default it waits 5."""

import asyncio
import json
import os
import sys
from uuid import uuid4

from agents import Agent, Runner, set_tracing_disabled
from agents.items import ModelResponse
from agents.mcp import MCPServerStdio
from agents.models.interface import Model
from agents.usage import Usage
from openai.types.responses import ResponseFunctionToolCall, ResponseOutputMessage, ResponseOutputText
from turns import command, ended, turn


def text_of(item):
    text = item.get("output", item.get("content"))
    if isinstance(text, list):
        text = "\n".join(part.get("text", "") for part in text)
    return text


class Played(Model):
    """A model that the test plays."""

    async def get_response(self, system_instructions, input, *_, **__):
        said = turn(input if isinstance(input, str) else text_of(input[-1]))
        if "call" in said:
            output = ResponseFunctionToolCall(
                type="function_call",
                name=said["call"],
                arguments=json.dumps(said["arguments"]),
                call_id=uuid4().hex,
            )
        else:
            text = ResponseOutputText(type="output_text", text=said["say"], annotations=[])
            output = ResponseOutputMessage(
                type="message", id=uuid4().hex, role="assistant", status="completed", content=[text]
            )
        return ModelResponse(output=[output], usage=Usage(), response_id=None)

    def stream_response(self, *_, **__):
        raise NotImplementedError


async def main():
    set_tracing_disabled(True)
    program, *args = command()
    params = {"command": program, "args": args, "env": dict(os.environ)}
    async with MCPServerStdio(params, client_session_timeout_seconds=float(sys.argv[1])) as server:
        agent = Agent(name="played", model=Played(), mcp_servers=[server])
        result = await Runner.run(agent, "begin", max_turns=50)
    ended(result.final_output)


asyncio.run(main())
