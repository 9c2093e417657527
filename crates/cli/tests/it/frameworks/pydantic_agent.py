"""An agent of Pydantic AI.

By default it gives up when a tool answers with an error twice in a row; `failed` lets the model see every one of them.
"""

import asyncio
import os

from fastmcp.client.transports import StdioTransport
from pydantic_ai import Agent
from pydantic_ai.mcp import MCPToolset
from pydantic_ai.messages import ModelResponse, RetryPromptPart, TextPart, ToolCallPart
from pydantic_ai.models.function import FunctionModel
from turns import command, ended, turn


def text_of(content):
    return content if isinstance(content, str) else str(content)


def play(messages, _info):
    """A model that the test plays."""
    last = messages[-1].parts[-1]
    error = isinstance(last, RetryPromptPart) or getattr(last, "outcome", "success") != "success"
    said = turn(text_of(last.content), error)
    if "call" in said:
        return ModelResponse(parts=[ToolCallPart(said["call"], said["arguments"])])
    return ModelResponse(parts=[TextPart(said["say"])])


async def main():
    program, *args = command()
    server = MCPToolset(StdioTransport(program, args, env=dict(os.environ)), tool_error_behavior="failed")
    agent = Agent(FunctionModel(play), toolsets=[server])
    async with agent:
        result = await agent.run("begin")
    ended(result.output)


asyncio.run(main())
